"""Pooled lines on a real Asterisk, which dials us. What is left behind is counted by ari-py."""

import asyncio
import multiprocessing
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ari_app.ari.client import HttpTransport
from ari_app.ari.generated.operations import Operations
from ari_app.ari.line import AriLine
from ari_app.ari.pace import Pace
from ari_app.ari.pooled import PooledLines
from ari_app.ari.settings import PbxSettings, PoolSettings
from ari_app.ari.shared import SharedLines
from ari_app.call.commands import (
    Answer,
    ArmDeadman,
    CloseBridge,
    CloseMedia,
    HandBack,
    HangUp,
    Join,
    LineCommand,
    OpenBridge,
    OpenMedia,
    Ring,
)
from ari_app.call.events import (
    CallerHungUp,
    CallerLeft,
    DigitPressed,
    Done,
    LineEvent,
    MediaEnded,
    MediaJoined,
    Unknown,
)
from ari_app.pbx.sandbox import Sandbox
from ari_app.ports import Line
from tests.support.calls import nothing_left, until
from tests.support.pbx import Sipp, application, leased_ports
from tests.support.wire import Wire

pytestmark = pytest.mark.e2e

FALLBACK = HandBack("attendant-fallback", "s")


@pytest.fixture
def port() -> Iterator[int]:
    """Where we listen, by way of nobody."""
    with leased_ports() as first:
        yield first + 2


@pytest.fixture
def pooled_pbx(make_pbx: Callable[..., Sandbox], port: int) -> Sandbox:
    """Brings its calls to `port`."""
    return make_pbx(line="pooled", pooled_uri=f"ws://127.0.0.1:{port}/ari")


@pytest.fixture
def board() -> Iterator[socket.socket]:
    """Where the PBX shall send RTP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        yield opened


def settings_for(pbx: Sandbox) -> PbxSettings:
    return PbxSettings(
        url=pbx.ari_url, user=pbx.ari_user, password=pbx.ari_password_file.read_text()
    )


@asynccontextmanager
async def lines_of(pbx: Sandbox, port: int, **more: object) -> AsyncIterator[PooledLines]:
    pool = PoolSettings(password=pbx.secret_file("pooled").read_text(), port=port, reuse_port=True)
    lines = PooledLines(settings_for(pbx), pool, **more)  # type: ignore[arg-type]
    lines.start()
    try:
        yield lines
    finally:
        await lines.close()
        assert lines.seen["malformed"] == lines.seen["unknown"] == 0
        assert not lines.door.refused


async def call_in(pbx: Sandbox) -> None:
    """A call to 700 whose other end is an echo, without a phone."""
    transport = HttpTransport(pbx.ari_url, pbx.ari_user, pbx.ari_password_file.read_text())
    try:
        await Operations(transport).channels.originate(
            endpoint="Local/700@attendant-routing",
            context="attendant-check",
            extension="echo",
            priority=1,
            callerId="Anna <4711>",
            formats="ulaw",
        )
    finally:
        await transport.close()


async def offered(lines: PooledLines) -> AriLine:
    async with asyncio.timeout(3.0):
        return await anext(aiter(lines.offers()))


async def do(line: Line, board: socket.socket, *commands: LineCommand) -> None:
    for command in commands:
        assert await line.run(command, board=board.getsockname()) == Done(command)


def name(line: Line, role: str, n: int = 1) -> str:
    return f"attendant.1.{line.offer.call}.{role}{n}"


async def begin(line: Line, board: socket.socket) -> AsyncIterator[LineEvent]:
    """Answered, with a media in a bridge. Returns the events that follow."""
    media, bridge = name(line, "m"), name(line, "b")
    await do(line, board, Ring(), ArmDeadman(15), Answer(), OpenMedia(media, "ulaw"))
    events = line.events()
    async with asyncio.timeout(2.0):
        assert await anext(events) == MediaJoined(media)
    await do(line, board, OpenBridge(bridge), Join(bridge, ("", media)))
    return events


async def finish(line: Line, board: socket.socket) -> None:
    await do(line, board, HangUp(), CloseMedia(name(line, "m")), CloseBridge(name(line, "b")))


async def rest(events: AsyncIterator[LineEvent]) -> list[LineEvent]:
    async with asyncio.timeout(10.0):
        return [event async for event in events]


async def press(pbx: Sandbox, line: Line, digit: str) -> None:
    """The caller presses a key: sent by the other end of his Local channel."""
    transport = HttpTransport(pbx.ari_url, pbx.ari_user, pbx.ari_password_file.read_text())
    try:
        await Operations(transport).channels.sendDTMF(channelId=line.offer.channel, dtmf=digit)
    finally:
        await transport.close()


# A call.


async def test_a_call_from_its_offer_to_its_hang_up(
    pooled_pbx: Sandbox, port: int, board: socket.socket, record_property: Callable[..., None]
) -> None:
    early: list[tuple[str, float]] = []

    def note(app: str) -> None:
        early.append((app, time.monotonic()))

    async with lines_of(pooled_pbx, port, early=note) as lines:
        began = time.monotonic()
        await call_in(pooled_pbx)
        line = await offered(lines)
        at = time.monotonic()
        assert (line.offer.caller, line.offer.called) == ("4711", "700")
        assert line.offer.arguments == ("inbound", "700")
        assert (line.known_as, line.adoptable) == (None, None)
        [(app, told)] = early
        assert app.startswith("attendant:Local/700@attendant-routing-")
        assert at - told > 0.3, "time to prepare before the offer"
        events = await begin(line, board)
        record_property("offered", at - began)
        record_property("joined", time.monotonic() - at)
        print(f"offered {at - began:.3f} joined +{time.monotonic() - at:.3f}")
        assert lines.calls == {line.offer.call}
        await finish(line, board)
        left = await rest(events)
        assert [each for each in left if not isinstance(each, MediaEnded)] == [
            CallerHungUp(32),
            CallerLeft(),
        ]
        await line.close()
        assert not lines.calls
        await nothing_left(pooled_pbx)


async def test_a_sip_caller_presses_a_key_and_hangs_up(
    pooled_pbx: Sandbox, port: int, board: socket.socket, tmp_path: Path
) -> None:
    async with lines_of(pooled_pbx, port) as lines:
        sipp = Sipp(pooled_pbx, tmp_path, "700", seconds=1.5)
        line = await offered(lines)
        digit, hung_up, left = await rest(await begin(line, board))
        assert isinstance(digit, DigitPressed)
        assert (digit.digit, left) == ("#", CallerLeft())
        assert isinstance(hung_up, CallerHungUp)
        await finish(line, board)
        await line.close()
        assert await asyncio.to_thread(sipp.finished, within=5.0)
        await nothing_left(pooled_pbx)


async def test_what_is_left_is_deleted_even_after_the_socket_has_closed(
    pooled_pbx: Sandbox, port: int, board: socket.socket
) -> None:
    async with lines_of(pooled_pbx, port) as lines:
        await call_in(pooled_pbx)
        line = await offered(lines)
        events = await begin(line, board)
        await do(line, board, ArmDeadman(0), FALLBACK)
        assert await rest(events) == [CallerLeft()]
        await until(lambda: "VoiceMail" in application(pooled_pbx), 2.0, "mailbox")
        await do(line, board, CloseMedia(name(line, "m")))
        await asyncio.sleep(3.5)
        await do(line, board, CloseBridge(name(line, "b")))
        await line.close()
        assert "VoiceMail" in application(pooled_pbx)
        pooled_pbx.cli("channel request hangup all")
        await nothing_left(pooled_pbx)


async def test_twenty_calls_at_once(pooled_pbx: Sandbox, port: int, board: socket.socket) -> None:
    async with lines_of(pooled_pbx, port) as lines:
        began = time.monotonic()

        async def serve() -> None:
            line = await offered(lines)
            events = await begin(line, board)
            await asyncio.sleep(0.5)
            await finish(line, board)
            assert (await rest(events))[-1] == CallerLeft()
            await line.close()

        await asyncio.gather(*(call_in(pooled_pbx) for _ in range(20)))
        await asyncio.gather(*(serve() for _ in range(20)))
        print(f"twenty calls {time.monotonic() - began:.2f} s")
        assert lines.seen["sockets"] == 20
        await nothing_left(pooled_pbx)


# Loss and return.


async def test_a_line_goes_on_when_its_socket_is_lost(
    make_pbx: Callable[..., Sandbox], board: socket.socket, port: int
) -> None:
    async with Wire("127.0.0.1", port).laid() as wire:
        pbx = make_pbx(line="pooled", pooled_uri=f"ws://127.0.0.1:{wire.port}/ari")
        async with lines_of(pbx, port) as lines:
            await call_in(pbx)
            line = await offered(lines)
            events = await begin(line, board)
            cut = time.monotonic()
            wire.cut()
            wire.mend()
            assert isinstance(await line.run(ArmDeadman(15)), Done | Unknown)
            while not lines.seen["redials"]:
                await asyncio.sleep(0.001)
            print(f"redialled {1000 * (time.monotonic() - cut):.1f} ms")
            await do(line, board, ArmDeadman(15))
            await press(pbx, line, "5")
            media = name(line, "m", 2)
            await do(line, board, OpenMedia(media, "ulaw"))
            assert await asyncio.wait_for(anext(events), 2.0) == MediaJoined(media)
            await do(line, board, CloseMedia(media))
            await finish(line, board)
            assert CallerLeft() in await rest(events)
            assert lines.seen["lost"] == lines.seen["adoptable"] == 0
            await line.close()
            await nothing_left(pbx)


async def test_a_line_whose_socket_nobody_brings_back_has_lost_its_caller(
    make_pbx: Callable[..., Sandbox], board: socket.socket, port: int
) -> None:
    async with Wire("127.0.0.1", port).laid() as wire:
        pbx = make_pbx(line="pooled", pooled_uri=f"ws://127.0.0.1:{wire.port}/ari")
        async with lines_of(pbx, port, redial=1.0) as lines:
            await call_in(pbx)
            line = await offered(lines)
            events = await begin(line, board)
            wire.cut()
            assert (await rest(events))[-1] == CallerLeft()
            assert lines.seen["lost"] == 1
            wire.mend()
            await do(line, board, CloseMedia(name(line, "m")), CloseBridge(name(line, "b")))
            await line.close()
            pbx.cli("channel request hangup all")
            await nothing_left(pbx)


def _serve_one(url: str, password: str, pool: str, port: int, told: object) -> None:
    """A worker of its own: takes one call into a bridge, and then is killed."""

    async def serve() -> None:
        settings = PbxSettings(url=url, user="attendant", password=password)
        lines = PooledLines(settings, PoolSettings(password=pool, port=port, reuse_port=True))
        lines.start()
        told.send("listening")  # type: ignore[attr-defined]
        line = await anext(aiter(lines.offers()))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as board:
            board.bind(("127.0.0.1", 0))
            await begin(line, board)
            told.send(line.offer.call)  # type: ignore[attr-defined]
            await asyncio.sleep(60)

    asyncio.run(serve())


@asynccontextmanager
async def killable_worker(pbx: Sandbox, port: int) -> AsyncIterator[Callable[[], str]]:
    """Its call's identity, once it has one; it is killed at the end of the block, or before."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(
        target=_serve_one,
        args=(
            pbx.ari_url,
            pbx.ari_password_file.read_text(),
            pbx.secret_file("pooled").read_text(),
            port,
            theirs,
        ),
    )
    process.start()
    try:
        assert await asyncio.to_thread(ours.recv) == "listening"
        await call_in(pbx)
        call = await asyncio.to_thread(ours.recv)

        def kill() -> str:
            process.kill()
            return str(call)

        yield kill
    finally:
        process.kill()
        await asyncio.to_thread(process.join)


async def test_the_call_of_a_killed_worker_is_adoptable_at_once(
    pooled_pbx: Sandbox, port: int, board: socket.socket
) -> None:
    """Both listen on one port (SO_REUSEPORT)."""
    async with (
        killable_worker(pooled_pbx, port) as kill,
        lines_of(pooled_pbx, port) as lines,
    ):
        died = time.monotonic()
        call = kill()
        line = await offered(lines)
        print(f"adoptable {time.monotonic() - died:.3f} s after the death")
        found = line.adoptable
        assert found is not None
        assert found.call == line.offer.call == line.known_as == call
        assert found.channel == line.offer.channel
        assert line.offer.arguments == ("inbound", "700")
        assert set(found.leftovers) == {name(line, "m"), name(line, "b")}
        media = name(line, "m", 2)
        await do(line, board, ArmDeadman(15), OpenMedia(media, "ulaw"))
        events = line.events()
        assert await asyncio.wait_for(anext(events), 2.0) == MediaJoined(media)
        await do(line, board, Join(name(line, "b"), (media,)), CloseMedia(media))
        await finish(line, board)
        assert (await rest(events))[-1] == CallerLeft()
        await line.close()
        await nothing_left(pooled_pbx)


async def reaped_by_a_shared_line(pbx: Sandbox, alive: frozenset[str]) -> int:
    """How much is an orphan to a worker that comes back, when it knows that these calls live."""

    async def living() -> frozenset[str]:
        return alive

    quick = Pace(first=0.05, settle=0.05, echo=0.5, deaf=0.5)
    shared = SharedLines(settings_for(pbx), quick, living)
    shared.start()
    async with asyncio.timeout(5.0):
        await shared.connected.wait()
    await asyncio.sleep(0.3)
    await shared.close()
    return shared.reaped


async def test_with_no_worker_alive_the_caller_is_in_the_mailbox_within_two_seconds(
    pooled_pbx: Sandbox, port: int
) -> None:
    async with killable_worker(pooled_pbx, port) as kill:
        died = time.monotonic()
        call = kill()
        await until(lambda: "VoiceMail" in application(pooled_pbx), 2.0, "mailbox")
        print(f"mailbox {time.monotonic() - died:.2f} s after the death")
        assert time.monotonic() - died < 2.0
        assert await reaped_by_a_shared_line(pooled_pbx, alive=frozenset((call,))) == 0
        assert await reaped_by_a_shared_line(pooled_pbx, alive=frozenset()) == 2
        pooled_pbx.cli("channel request hangup all")
        await nothing_left(pooled_pbx)


async def test_without_a_worker_the_caller_is_in_the_mailbox(pooled_pbx: Sandbox) -> None:
    began = time.monotonic()
    await call_in(pooled_pbx)
    await until(lambda: "VoiceMail" in application(pooled_pbx), 2.0, "mailbox")
    print(f"mailbox, nobody listening: {time.monotonic() - began:.2f} s")
    pooled_pbx.cli("channel request hangup all")
    await nothing_left(pooled_pbx)


async def test_a_caller_who_enters_again_at_once_is_a_new_call_on_the_shared_line(
    pooled_pbx: Sandbox, port: int, board: socket.socket
) -> None:
    """A pooled application goes deaf 3 s after its caller left for the first time."""
    shared = SharedLines(settings_for(pooled_pbx))
    shared.start()
    async with lines_of(pooled_pbx, port) as lines, asyncio.timeout(15.0):
        await shared.connected.wait()
        await call_in(pooled_pbx)
        line = await offered(lines)
        events = await begin(line, board)
        await do(line, board, ArmDeadman(0), HandBack("attendant-agent", "s"))
        assert await rest(events) == [CallerLeft()]
        again = await anext(aiter(shared.offers()))
        assert again.offer.channel == line.offer.channel
        assert again.offer.call != line.offer.call
        assert again.offer.called == "700"
        await do(line, board, CloseMedia(name(line, "m")), CloseBridge(name(line, "b")))
        await line.close()
        more = await begin(again, board)
        await asyncio.sleep(4.0)
        await press(pooled_pbx, again, "5")
        await finish(again, board)
        assert CallerLeft() in await rest(more)
        await again.close()
        assert lines.seen["moved"] == 1
        await shared.close()
        await nothing_left(pooled_pbx)


async def test_a_caller_who_enters_again_later_is_a_new_pooled_call(
    pooled_pbx: Sandbox, port: int, board: socket.socket
) -> None:
    async with lines_of(pooled_pbx, port) as lines, asyncio.timeout(15.0):
        await call_in(pooled_pbx)
        line = await offered(lines)
        await do(line, board, ArmDeadman(0), HandBack("attendant-check", "echo"))
        assert await rest(line.events()) == [CallerLeft()]
        await line.close()
        await asyncio.sleep(4.0)
        pooled_pbx.cli(
            f"channel redirect {next(iter(lines_with('Local/700', pooled_pbx)))} "
            "attendant-agent,s,1"
        )
        again = await offered(lines)
        assert again.known_as == line.offer.call != again.offer.call
        await do(again, board, HangUp())
        assert (await rest(again.events()))[-1] == CallerLeft()
        await again.close()
        pooled_pbx.cli("channel request hangup all")
        await nothing_left(pooled_pbx)


def lines_with(start: str, pbx: Sandbox) -> list[str]:
    """Names of channels that begin so and are in our dialplan's Echo as the called end."""
    rows = [row.split("!") for row in pbx.cli("core show channels concise").splitlines()]
    return [row[0] for row in rows if row[0].startswith(start) and row[0].endswith(";2")]
