"""Whatever dies, hangs or is cut: the dialplan still holds the caller, and nothing is left."""

import asyncio
import contextlib
import itertools
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from ari_app.cli.site import Site
from ari_app.media.g711 import ulaw_encode
from ari_app.media.rtp import Packet
from ari_app.pbx.sandbox import Sandbox
from ari_app.phone.listen import Listener, stretches
from ari_app.phone.minimal_call import MinimalCall
from ari_app.phone.port import Phone
from tests.support.audio import delay, snr, voiced
from tests.support.calls import answered_call, nothing_left, outside_phone, spoken, story, until
from tests.support.pbx import application
from tests.support.wire import Wire

pytestmark = pytest.mark.e2e

DEADMAN = 15.0
"Seconds that the dialplan lets a caller stay with a worker that gives no sign of life."
SLACK = 1.0


@dataclass(frozen=True)
class Place:
    """A PBX with a worker and a phone outside, all of which may be broken."""

    own: Sandbox
    site: Site
    "Not started yet."
    phone: Phone


Open = Callable[[], contextlib.AbstractAsyncContextManager[Place]]


@pytest.fixture
def opened(make_pbx: Callable[..., Sandbox], tmp_path: Path) -> Open:
    """Makes as many places as the test wants."""
    count = itertools.count()

    @contextlib.asynccontextmanager
    async def make() -> AsyncIterator[Place]:
        own = await asyncio.to_thread(make_pbx)
        site = Site(tmp_path / f"site{next(count)}", own)
        site.configure()
        try:
            async with outside_phone(own) as phone:
                yield Place(own, site, phone)
        finally:
            site.kill()

    return make


@pytest.fixture
async def place(opened: Open) -> AsyncIterator[Place]:
    async with opened() as made:
        yield made


@pytest.fixture
def own(place: Place) -> Sandbox:
    return place.own


@pytest.fixture
def site(place: Place) -> Site:
    return place.site


@pytest.fixture
def phone(place: Place) -> Phone:
    return place.phone


@contextlib.asynccontextmanager
async def wired(site: Site, **changes: object) -> AsyncIterator[Wire]:
    """The worker started with a wire between it and its PBX."""
    far = urlsplit(site.sandbox.ari_url)
    async with Wire(far.hostname or "", far.port or 0).laid() as wire:
        url = f"http://127.0.0.1:{wire.port}"
        site.configure({"pbx": [{"url": url, "user": site.sandbox.ari_user}], **changes})
        await asyncio.to_thread(site.start)
        yield wire


async def at_mailbox(own: Sandbox, callers: int, within: float) -> float:
    """Wait until so many callers are in the PBX's voicemail; the seconds it took."""
    began = time.monotonic()
    while (there := (await asyncio.to_thread(application, own)).count("VoiceMail")) != callers:
        took = time.monotonic() - began
        assert took < within, f"{there} of {callers} callers at the mailbox after {took:.1f} s"
        await asyncio.sleep(0.1)
    return time.monotonic() - began


async def served(phone: Phone) -> None:
    """A new caller is greeted."""
    call = await answered_call(phone)
    await Listener(call).onset(3.0)
    await call.hang_up()


def log_of(site: Site) -> str:
    return site.log.read_text()


def has_no_traceback(site: Site) -> bool:
    return "Traceback" not in log_of(site) and '"level": "error"' not in log_of(site)


# What takes the dead-man switch's 15 seconds, all at once.


async def a_worker_that_dies(own: Sandbox, site: Site, phone: Phone) -> None:
    """Its caller waits for the dead-man switch, a new one for nothing."""
    await asyncio.to_thread(site.start)
    first = await answered_call(phone)
    await Listener(first).onset()
    site.kill()
    second = await phone.call("700")
    at_once = await at_mailbox(own, 1, within=2.0)
    later = await at_mailbox(own, 2, within=DEADMAN + SLACK)
    print(f"mailbox after {at_once:.2f} s (new caller), {later:.2f} s (caller of the dead)")
    await second.answered(1.0)
    await asyncio.to_thread(site.start)
    await served(phone)
    await asyncio.gather(first.hang_up(), second.hang_up())
    await nothing_left(own)


async def a_worker_that_hangs(own: Sandbox, site: Site, phone: Phone) -> None:
    """Its caller and a new one, who hears ringing, wait for the dead-man switch."""
    await asyncio.to_thread(site.start)
    first = await answered_call(phone)
    await Listener(first).onset()
    site.hang()
    second = await phone.call("700")
    await second.ringing(2.0)
    assert second.state == "ringing"
    took = await at_mailbox(own, 2, within=DEADMAN + 2.0)
    print(f"mailbox {took:.2f} s after the worker hung")
    await second.answered(1.0)
    site.wake()
    await served(phone)
    await asyncio.gather(first.hang_up(), second.hang_up())
    await nothing_left(own)
    assert has_no_traceback(site)


async def requests_that_hang(own: Sandbox, site: Site, phone: Phone) -> None:
    """One caller comes while nothing is answered, one was talking, one is just handed over."""
    async with wired(site) as wire:
        talking, handed = await asyncio.gather(answered_call(phone), answered_call(phone))
        await asyncio.gather(Listener(talking).onset(), Listener(handed).onset())
        wire.stall()
        coming = await phone.call("700")
        await handed.press("2")
        took = await at_mailbox(own, 3, within=DEADMAN + 2.0)
        print(f"all at the mailbox {took:.2f} s after requests began to hang")
        wire.mend()
        await asyncio.sleep(3.0)  # what was held back arrives now
        for call in (talking, handed, coming):
            assert call.state == "answered", "a late request took a caller from the mailbox"
        await served(phone)
        await asyncio.gather(*(call.hang_up() for call in (talking, handed, coming)))
        await nothing_left(own)
        assert site.stop() == 0
    assert has_no_traceback(site)


async def test_callers_of_workers_that_die_hang_or_get_no_answers_reach_the_mailbox(
    opened: Open,
) -> None:
    async with contextlib.AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        for trouble in (a_worker_that_dies, a_worker_that_hangs, requests_that_hang):
            made = await stack.enter_async_context(opened())
            group.create_task(trouble(made.own, made.site, made.phone), name=trouble.__name__)


# The worker.


async def test_a_worker_that_comes_back_gives_its_callers_to_the_mailbox_and_clears_up(
    own: Sandbox, site: Site, phone: Phone
) -> None:
    await asyncio.to_thread(site.start)
    first = await answered_call(phone)
    site.kill()
    await asyncio.to_thread(site.start)
    took = await at_mailbox(own, 1, within=3.0)
    print(f"mailbox {took:.2f} s after the worker came back")
    await until(lambda: first.state == "answered" and is_left(own, 1), 5, "only the caller left")
    await served(phone)
    await first.hang_up()
    await nothing_left(own)
    assert has_no_traceback(site)


def is_left(own: Sandbox, channels: int) -> bool:
    return len(application(own)) == channels


async def test_sigterm_lets_live_calls_finish_and_sends_new_ones_to_the_mailbox(
    own: Sandbox, site: Site, phone: Phone
) -> None:
    site.configure({"drain": 3})
    await asyncio.to_thread(site.start)
    brief, long = await asyncio.gather(answered_call(phone), answered_call(phone))
    stopping = asyncio.create_task(asyncio.to_thread(site.stop))
    await until(lambda: "stopping" in log_of(site), 1, "the worker heard SIGTERM")
    third = await phone.call("700")
    await at_mailbox(own, 1, within=1.5)
    await third.hang_up()
    listener = Listener(brief)
    listener.forget()
    await listener.onset()
    await brief.hang_up()
    took = await at_mailbox(own, 1, within=4.0)
    assert took > 0.5, "the long call was not let to go on"
    assert await stopping == 0
    await long.hang_up()
    await nothing_left(own)
    assert has_no_traceback(site)


# The PBX, and the wire to it.


async def test_an_asterisk_that_restarts_is_served_again(
    own: Sandbox, site: Site, phone: Phone
) -> None:
    await asyncio.to_thread(site.start)
    pid = site.pid
    await answered_call(phone)
    own.kill()
    await asyncio.to_thread(own.restart)
    began = time.monotonic()
    known = f"{own.settings.app}-1"
    while known not in await asyncio.to_thread(own.cli, "ari show apps"):
        assert time.monotonic() - began < 8.0, "the worker did not come back"
    print(f"connected {time.monotonic() - began:.2f} s after the restart")
    await served(phone)
    await nothing_left(own)
    await until(lambda: ended(site) == 2, 3, "both calls ended")
    assert site.stop() == 0
    assert pid
    assert has_no_traceback(site)


def ended(site: Site) -> int:
    """How many calls are over for the worker."""
    return sum(entry.get("phase") == "ended" for entry in site.journal())


async def test_calls_go_on_while_the_wire_to_the_pbx_is_cut(
    own: Sandbox, site: Site, phone: Phone
) -> None:
    async with wired(site) as wire:
        staying, leaving = await asyncio.gather(answered_call(phone), answered_call(phone))
        await asyncio.sleep(0.5)
        wire.cut()
        await leaving.hang_up()
        listener = Listener(staying)
        listener.forget()
        await listener.onset(3.0)
        await asyncio.sleep(1.0)
        wire.mend()
        await until(lambda: ended(site) == 1, 8, "the hang-up during the outage was found")
        await staying.press("9")
        assert (await staying.ended(15)).by == "them"
        await served(phone)
        await nothing_left(own)
        assert site.stop() == 0
    assert has_no_traceback(site)


async def test_requests_that_hang_for_a_moment_are_hardly_noticed(
    own: Sandbox, site: Site, phone: Phone
) -> None:
    async with wired(site) as wire:
        talking = await answered_call(phone)
        wire.stall()
        coming = await phone.call("700")
        await asyncio.sleep(2.0)
        wire.mend()
        await coming.answered(3.0)
        await Listener(coming).onset()
        assert "VoiceMail" not in application(own)
        await asyncio.gather(talking.hang_up(), coming.hang_up())
        await nothing_left(own)
        assert site.stop() == 0
    assert has_no_traceback(site)


# The media port.


def udp_port(pid: int) -> int:
    """Where that process listens for RTP: its only bound UDP socket (proc_net(5))."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            inodes.add(os.readlink(entry))
    ports = [
        int(fields[1].partition(":")[2], 16)
        for fields in map(str.split, Path(f"/proc/{pid}/net/udp").read_text().splitlines()[1:])
        if f"socket:[{fields[9]}]" in inodes
    ]
    (port,) = ports
    return port


async def pester(port: int, seconds: float) -> None:
    """Noise, cut-off packets, other versions, and a loud voice, all from addresses of our own."""
    rng = np.random.default_rng(1)
    voice = ulaw_encode(voiced(seconds, level=-12.0)).reshape(-1, 160)
    with contextlib.ExitStack() as stack:
        strangers = [
            stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(4)
        ]
        for number, frame in enumerate(voice):
            whole = bytes(Packet(0, number, number * 160, 99, frame.tobytes()))
            for packet, stranger in zip(
                (
                    rng.bytes(int(rng.integers(0, 1500))),
                    whole[: int(rng.integers(0, 12))],
                    bytes([whole[0] & 0x3F | 0x40]) + whole[1:],
                    whole,
                ),
                strangers,
                strict=True,
            ):
                stranger.sendto(packet, ("127.0.0.1", port))
            await asyncio.sleep(0.02)


async def test_garbage_and_strangers_at_the_media_port_change_nothing(
    own: Sandbox, site: Site, phone: Phone
) -> None:
    await asyncio.to_thread(site.start)
    assert site.pid is not None
    port = udp_port(site.pid)
    pestering = asyncio.create_task(pester(port, 5.5))
    call = await answered_call(phone)
    assert isinstance(call, MinimalCall)
    await asyncio.sleep(4.5)
    heard, packets = call.heard(), list(call.packets)
    await call.hang_up()
    await pestering
    notice = await spoken("You are talking with an automated assistant.", "slt")
    begin = round(stretches(heard)[0].at * 8000) - 800
    window = heard[max(begin, 0) :]
    at = delay(
        window[: len(notice) + 1600], np.append(notice, np.zeros(1600, np.int16)), longest=1600
    )
    likeness = snr(window[at : at + len(notice)], notice)
    assert likeness > 20, f"the notice at {likeness:.1f} dB"
    sequences = np.array([packet.sequence for packet in packets])
    assert set(np.diff(sequences) & 0xFFFF) == {1}
    gaps = np.diff([packet.at for packet in packets])
    assert np.percentile(gaps, 99) < 0.04
    said = [entry["text"] for entry in story(site) if entry["kind"] == "agent_said"]
    assert said[0] == "You are talking with an automated assistant."
    assert not [entry for entry in story(site) if entry["kind"] in ("caller_said", "barge_in")]
    await nothing_left(own)
    assert site.stop() == 0
    assert has_no_traceback(site)
