"""The shared line on a real Asterisk. What is left behind is counted by ari-py."""

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ari_app.ari.pace import Pace
from ari_app.ari.settings import PbxSettings
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
    ReadReception,
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
    Refused,
)
from ari_app.pbx.sandbox import Sandbox
from ari_app.ports import Line
from tests.support.observer import Observer, ObserverUnavailable, prepared
from tests.support.pbx import Sipp, application, wait_until
from tests.support.wire import Wire

pytestmark = pytest.mark.e2e

QUICK = Pace(first=0.05, most=0.2, settle=0.3, echo=0.5, deaf=0.5)


@pytest.fixture
def board() -> Iterator[socket.socket]:
    """Where the PBX shall send RTP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        opened.settimeout(3.0)
        yield opened


@asynccontextmanager
async def lines_to(pbx: Sandbox, url: str = "") -> AsyncIterator[SharedLines]:
    settings = PbxSettings(
        url=url or pbx.ari_url, user=pbx.ari_user, password=pbx.ari_password_file.read_text()
    )
    lines = SharedLines(settings, QUICK)
    lines.start()
    try:
        async with asyncio.timeout(5.0):
            await lines.connected.wait()
        yield lines
    finally:
        await lines.close()
        assert (lines.feed.malformed, lines.feed.unknown) == (0, 0)


@pytest.fixture
async def lines(pbx: Sandbox) -> AsyncIterator[SharedLines]:
    async with lines_to(pbx) as connected:
        yield connected


async def call_in(
    lines: SharedLines, other_end: tuple[str, str] = ("attendant-check", "echo")
) -> Line:
    """A call to 700 whose other end is in the dialplan, without a phone."""
    context, extension = other_end
    await lines.ari.channels.originate(
        endpoint="Local/700@attendant-routing",
        context=context,
        extension=extension,
        priority=1,
        callerId="Anna <4711>",
        formats="ulaw",  # else a Local channel carries slin at 192 kHz
    )
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


async def nothing_left(pbx: Sandbox) -> None:
    """Soon, and according to ari-py."""
    try:
        await asyncio.to_thread(prepared)
    except ObserverUnavailable as error:
        pytest.skip(str(error))
    observer = Observer(pbx.ari_url, pbx.ari_user, pbx.ari_password_file.read_text())
    for _ in range(10):
        leftovers = await asyncio.to_thread(observer.leftovers)
        if not leftovers:
            return
        await asyncio.sleep(0.2)
    assert leftovers == []


async def until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(true):
            await asyncio.sleep(0.05)


# A call.


async def test_a_call_from_its_offer_to_its_hang_up(
    pbx: Sandbox, lines: SharedLines, board: socket.socket
) -> None:
    line = await call_in(lines)
    assert (line.offer.caller, line.offer.called) == ("4711", "700")
    assert line.offer.arguments == ("inbound", "700")
    events = await begin(line, board)
    await finish(line, board)
    left = await rest(events)
    assert [each for each in left if not isinstance(each, MediaEnded)] == [
        CallerHungUp(32),
        CallerLeft(),
    ]
    await line.close()
    await nothing_left(pbx)


def rtp(sequence: int, payload: bytes) -> bytes:
    head = bytes([0x80, 0]) + sequence.to_bytes(2, "big")
    return head + (sequence * 160).to_bytes(4, "big") + b"call" + payload


async def test_rtp_to_the_remote_address_reaches_the_caller_and_his_reaches_us(
    pbx: Sandbox, lines: SharedLines, board: socket.socket
) -> None:
    """The other end is an echo: what we send comes back."""
    line = await call_in(lines)
    await begin(line, board)
    remote = line.remote(name(line, "m"))
    heard: set[bytes] = set()
    for sequence in range(40):
        board.sendto(rtp(sequence, bytes([sequence]) * 160), remote)
        await asyncio.sleep(0.02)
    board.setblocking(False)
    while True:
        try:
            packet, source = board.recvfrom(2048)
        except BlockingIOError:
            break
        assert source == remote
        heard.add(packet[12:])
    assert len(heard & {bytes([n]) * 160 for n in range(40)}) >= 30
    await finish(line, board)
    await nothing_left(pbx)


async def test_joining_after_media_joined_works_every_time(
    pbx: Sandbox, lines: SharedLines, board: socket.socket
) -> None:
    """Right after the POST alone, 16 of 25 were refused: "Channel not in Stasis application"."""
    line = await call_in(lines)
    events = line.events()
    bridge = name(line, "b")
    await do(line, board, Answer(), OpenBridge(bridge))
    for n in range(1, 26):
        media = name(line, "m", n)
        await do(line, board, OpenMedia(media, "ulaw"))
        assert await asyncio.wait_for(anext(events), 2.0) == MediaJoined(media)
        await do(line, board, Join(bridge, ("", media)), CloseMedia(media))
        assert await asyncio.wait_for(anext(events), 2.0) == MediaEnded(media)
    await do(line, board, HangUp(), CloseBridge(bridge))
    await line.close()
    await nothing_left(pbx)


async def test_a_sip_caller_is_heard_presses_a_key_and_hangs_up(
    pbx: Sandbox, lines: SharedLines, board: socket.socket, tmp_path: Path
) -> None:
    sipp = Sipp(pbx, tmp_path, "700", seconds=1.5)
    async with asyncio.timeout(3.0):
        line = await anext(aiter(lines.offers()))
    events = await begin(line, board)
    counts = []
    for _ in range(2):
        await asyncio.sleep(0.3)
        outcome = await line.run(ReadReception())
        assert isinstance(outcome, Done)
        counts.append(outcome.value or 0)
    assert counts[1] - counts[0] >= 10
    digit, hung_up, left = await rest(events)
    assert isinstance(digit, DigitPressed)
    assert digit.digit == "#"
    assert 0.05 < digit.duration < 0.5
    assert isinstance(hung_up, CallerHungUp)
    assert left == CallerLeft()
    await finish(line, board)
    assert await asyncio.to_thread(sipp.finished, within=5.0)
    await nothing_left(pbx)


async def test_handing_back_leaves_the_caller_in_the_dialplan(
    pbx: Sandbox, lines: SharedLines, board: socket.socket
) -> None:
    line = await call_in(lines)
    events = await begin(line, board)
    await do(line, board, ArmDeadman(0), HandBack("attendant-fallback", "s"))
    assert await rest(events) == [CallerLeft()]
    await until(lambda: "VoiceMail" in application(pbx))
    await finish(line, board)
    assert "VoiceMail" in application(pbx), "a late HangUp must not take the caller from there"
    await line.close()
    pbx.cli("channel request hangup all")
    await nothing_left(pbx)


async def test_commands_after_the_caller_is_gone_say_so(
    pbx: Sandbox, lines: SharedLines, board: socket.socket
) -> None:
    line = await call_in(lines)
    await do(line, board, HangUp())
    await rest(line.events())
    bridge = name(line, "b")
    await do(line, board, HangUp(), OpenBridge(bridge))
    for command in (Ring(), Answer(), ArmDeadman(15), HandBack("a", "s"), Join(bridge, ("",))):
        outcome = await line.run(command)
        assert isinstance(outcome, Refused)
        assert outcome.gone, command
    await do(line, board, CloseBridge(bridge), CloseBridge(bridge), CloseMedia(name(line, "m")))
    await line.close()
    await nothing_left(pbx)


# Loss and return.


@asynccontextmanager
async def wired(pbx: Sandbox) -> AsyncIterator[tuple[SharedLines, Wire]]:
    far = urlsplit(pbx.ari_url)
    async with AsyncExitStack() as stack:
        wire = await stack.enter_async_context(Wire(far.hostname or "", far.port or 0).laid())
        url = f"http://127.0.0.1:{wire.port}"
        yield await stack.enter_async_context(lines_to(pbx, url)), wire


async def test_a_call_outlives_the_websocket(pbx: Sandbox, board: socket.socket) -> None:
    async with wired(pbx) as (lines, wire):
        line = await call_in(lines)
        events = await begin(line, board)
        wire.cut()
        await until(lambda: not lines.connected.is_set())
        assert not isinstance(await line.run(ArmDeadman(15)), Done)
        wire.mend()
        await until(lines.connected.is_set)
        await do(line, board, ArmDeadman(15), CloseMedia(name(line, "m")))
        assert await asyncio.wait_for(anext(events), 2.0) == MediaEnded(name(line, "m"))
        await finish(line, board)
        assert await rest(events) == [CallerHungUp(32), CallerLeft()]
        assert (lines.reaped, lines.returned) == (0, 0)
        await nothing_left(pbx)


async def test_a_hang_up_that_nobody_told_us_is_found(pbx: Sandbox, board: socket.socket) -> None:
    async with wired(pbx) as (lines, wire):
        line = await call_in(lines)
        events = await begin(line, board)
        wire.cut()
        pbx.cli("channel request hangup all")
        await until(lambda: "Echo" not in application(pbx))
        wire.mend()
        assert await rest(events) == [MediaEnded(name(line, "m")), CallerLeft()]
        await do(line, board, CloseMedia(name(line, "m")), CloseBridge(name(line, "b")))
        await line.close()
        await nothing_left(pbx)


async def test_who_takes_the_application_gets_the_calls(pbx: Sandbox) -> None:
    """Asterisk may deactivate it once more when the first one's socket closes: we notice."""
    async with lines_to(pbx) as first, lines_to(pbx) as second:
        await until(lambda: not first.connected.is_set())
        await asyncio.sleep(2 * QUICK.echo + QUICK.deaf)
        await until(second.connected.is_set)
        line = await call_in(second)
        assert await line.run(HangUp()) == Done(HangUp())
        assert await rest(line.events()) == [CallerHungUp(32), CallerLeft()]
        await line.close()
    await nothing_left(pbx)


async def test_a_new_worker_reaps_and_gives_back_what_the_dead_one_left(
    pbx: Sandbox, board: socket.socket
) -> None:
    async with lines_to(pbx) as dead:
        line = await call_in(dead)
        await begin(line, board)
    async with lines_to(pbx) as lines:
        await until(lambda: lines.reaped == 2 and lines.returned == 1)
        await until(lambda: "VoiceMail" in application(pbx))
        new = await call_in(lines)
        assert new.offer.call != line.offer.call
        await do(new, board, HangUp())
        await new.close()
    pbx.cli("channel request hangup all")
    await nothing_left(pbx)


def crash_and_start(own: Sandbox) -> subprocess.Popen[bytes]:
    """With the configuration and secrets that it had: `Sandbox.start` makes new ones."""
    own.kill()
    (own.run_dir / "run/asterisk.ctl").unlink()
    program, conf = own.installation.program, own.run_dir / "etc/asterisk.conf"
    started = subprocess.Popen([program, "-C", conf, "-f"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, start_new_session=True)  # fmt: skip
    (own.run_dir / "pid").write_text(str(started.pid))
    wait_until((own.run_dir / "run/asterisk.ctl").exists, 5.0, "a control socket")
    own.cli("core waitfullybooted")
    return started


async def test_an_asterisk_that_restarts_ends_its_calls_and_offers_new_ones(
    make_pbx: Callable[..., Sandbox], board: socket.socket
) -> None:
    own = make_pbx()
    async with lines_to(own) as lines:
        line = await call_in(lines)
        events = await begin(line, board)
        started = await asyncio.to_thread(crash_and_start, own)
        assert await rest(events) == [MediaEnded(name(line, "m")), CallerLeft()]
        await do(line, board, HangUp(), CloseBridge(name(line, "b")))
        await line.close()
        again = await call_in(lines)
        await begin(again, board)
        await finish(again, board)
        await nothing_left(own)
    own.stop()
    started.wait(5.0)


async def test_the_observer_sees_what_is_left(
    pbx: Sandbox, lines: SharedLines, board: socket.socket
) -> None:
    await nothing_left(pbx)
    line = await call_in(lines)
    await begin(line, board)
    observer = Observer(pbx.ari_url, pbx.ari_user, pbx.ari_password_file.read_text())
    leftovers = await asyncio.to_thread(observer.leftovers)
    assert [each.split()[0] for each in leftovers] == ["channel"] * 3 + ["bridge"]
    assert any(name(line, "m") in each for each in leftovers)
    assert any(name(line, "b") in each for each in leftovers)
    await finish(line, board)
    await nothing_left(pbx)
