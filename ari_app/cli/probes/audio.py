"""Does sound get through to a PBX, and back? Beeps to an echo in its dialplan."""

import asyncio
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import numpy as np

from ari_app.board.board import MediaBoard
from ari_app.board.media import BoardMedia
from ari_app.cli.probes import Finding
from ari_app.cli.probes.trial import Trial
from ari_app.config import Pbx
from ari_app.media.values import Audio, FrameHeard, MediaStatistics, Samples, StreamClosed
from ari_app.phone.listen import AUDIBLE
from ari_app.ports import Address

BEEPS = 5
BEEP_SECONDS = 0.1
ECHO_SECONDS = 1.0
"How long a beep may take to come back."
PAUSE_SECONDS = 0.08
LISTEN_SECONDS = 1.0
"How long the PBX is listened to when nothing came back."


@dataclass(frozen=True)
class Passage:
    """What came through."""

    remote: Address
    "Where the PBX takes our packets."
    advertised: Address
    "Where we let it send its own."
    stranger: Address | None
    "Where packets came from that we did not expect."
    trips: tuple[float, ...]
    "Seconds from a beep's first packet to its echo; none: no echo."
    heard_us: bool | None
    "The PBX says so itself; None: it cannot tell."
    statistics: MediaStatistics


class Ear:
    """Reads a media's events; when sound came, and the counts at the end."""

    def __init__(self, media: BoardMedia) -> None:
        self._media = media
        self._sounded = asyncio.Event()
        self.statistics = MediaStatistics()

    async def listen(self) -> None:
        """Until the media is closed."""
        async for event in self._media.events():
            if isinstance(event, FrameHeard) and event.kind == "voice" and _loud(event.samples):
                self._sounded.set()
            elif isinstance(event, StreamClosed):
                self.statistics = event.statistics

    async def sound(self, seconds: float) -> bool:
        """Wait for the next sound."""
        self._sounded.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._sounded.wait()
        except TimeoutError:
            return False
        return True


async def send_beeps(
    trial: Trial, board: MediaBoard, pbx: Pbx, remote: Address, *, tells: bool
) -> Passage | None:
    """Beep into the echo; None when the echo does not answer.

    remote: where the PBX takes the trial's media. tells: it has TALK_DETECT. Raises AsteriskError.
    """
    media = board.open(trial.media, pbx.media.codec)
    ear = Ear(media)
    listening = asyncio.create_task(ear.listen())
    try:
        media.connect(remote)
        if not await trial.join_echo(pbx.media.codec):
            return None
        if tells:
            await trial.detect_sound()
        trips = await _beeps(media, ear)
        if not trips:
            # An echo says nothing by itself; behind address translation the PBX must speak first.
            async with trial.sounding():
                sounded = await ear.sound(LISTEN_SECONDS)
            trips = await _beeps(media, ear) if sounded else ()
    finally:
        media.close()
        await listening
    return Passage(
        remote,
        advertised_address(board, pbx),
        board.last_stranger,
        trips,
        trial.heard_us() if tells else None,
        ear.statistics,
    )


def advertised_address(board: MediaBoard, pbx: Pbx) -> Address:
    """Where the PBX is told to send its packets."""
    host, port = board.address
    return str(pbx.media.advertise or host), port


async def _beeps(media: BoardMedia, ear: Ear) -> tuple[float, ...]:
    """How long each took that came back; none when the first did not."""
    trips: list[float] = []
    for _ in range(BEEPS):
        trip = await _beep(media, ear)
        if trip is not None:
            trips.append(trip)
        elif not trips:
            break
    return tuple(trips)


async def _beep(media: BoardMedia, ear: Ear) -> float | None:
    """Seconds until it came back."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(PAUSE_SECONDS + BEEP_SECONDS)
    began = loop.time()
    media.play("beep", Audio(_tone(BEEP_SECONDS)))
    return loop.time() - began if await ear.sound(ECHO_SECONDS) else None


def _tone(seconds: float) -> Samples:
    at = np.arange(round(seconds * 8000)) / 8000
    return (8000 * np.sin(2 * np.pi * 1000 * at)).astype(np.int16)


def _loud(samples: Samples) -> bool:
    return bool(np.sqrt(np.mean(samples.astype(np.float64) ** 2)) > AUDIBLE)


def judge(pbx: Pbx, passage: Passage) -> Finding:
    """Which direction works, which does not, and why most likely."""
    counts = passage.statistics
    facts: dict[str, str | int | float | bool | None] = {
        "packets_out": counts.sent,
        "packets_in": counts.received,
        "packets_lost": counts.lost,
        "jitter_ms": round(1000 * counts.jitter, 2),
        "round_trip_ms": round(1000 * min(passage.trips), 1) if passage.trips else None,
        "to_pbx": bool(passage.trips) or passage.heard_us,
        "from_pbx": counts.received > 0,
        "pbx_address": _written(passage.remote),
        "our_address": _written(passage.advertised),
    }
    if len(passage.trips) < BEEPS:
        found, advice = _broken(pbx, passage)
        return Finding("audio", "failed", found, advice, pbx.name, facts)
    found = (
        f"both ways: {counts.sent} packets out, {counts.received} in, "
        f"round trip {facts['round_trip_ms']} ms"
    )
    if counts.lost:
        advice = "Look at the network between here and the PBX: nothing should be lost."
        found += f", {counts.lost} lost"
        return Finding("audio", "warning", found, advice, pbx.name, facts)
    return Finding("audio", "ok", found, "", pbx.name, facts)


def _broken(pbx: Pbx, passage: Passage) -> tuple[str, str]:
    counts = passage.statistics
    if passage.trips:
        found = f"only {len(passage.trips)} of {BEEPS} beeps came back ({counts.lost} packets lost)"
        return found, "The network between here and the PBX loses packets, or is very slow."
    if counts.received:
        return _nothing_arrives_there(passage)
    heard = {
        True: "one way: the PBX hears us",
        False: "neither way: the PBX does not hear us",
        None: "no sound (whether the PBX hears us, func_talkdetect.so could tell)",
    }
    found = f"{heard[passage.heard_us]}; {counts.sent} packets out, none in"
    return found, _why_nothing_comes(pbx, passage)


def _nothing_arrives_there(passage: Passage) -> tuple[str, str]:
    where = _written(passage.remote)
    found = f"one way: {passage.statistics.received} packets in, ours do not arrive at {where}"
    return found, (
        f"Let UDP from here through to {passage.remote[0]}, the ports of rtp.conf (rtpstart to "
        "rtpend). If that address is not reachable from here, the PBX is behind NAT: set "
        f"media.map: {{{passage.remote[0]}: the address it is seen at}}."
    )


def _why_nothing_comes(pbx: Pbx, passage: Passage) -> str:
    told, remote = ipaddress.IPv4Address(passage.advertised[0]), passage.remote[0]
    if passage.stranger is not None:
        seen = passage.stranger
        return (
            f"Packets come from {_written(seen)} instead of {_written(passage.remote)}: address "
            f"translation. If that is your PBX, set media.map: {{{remote}: {seen[0]}}} for pbx "
            f"{pbx.name}."
        )
    if told.is_unspecified:
        return (
            f"The PBX was told to send to {told}, which is no address: set media.advertise of pbx "
            f"{pbx.name} to the address at which it reaches this machine."
        )
    if told.is_loopback and not _is_here(urlsplit(pbx.url).hostname or ""):
        return (
            f"The PBX is another machine but was told to send to {told}: set board.bind to an "
            "address of this machine that the PBX reaches."
        )
    likely = ["a firewall here that drops UDP to that port (fix it with board.port and let it in)"]
    if pbx.media.advertise:
        likely.insert(0, "media.advertise is not an address that leads here")
    else:
        likely.append("NAT or a container between (set media.advertise)")
    return f"The PBX sends to {_written(passage.advertised)}. Likely: {_either(likely)}."


def _is_here(host: str) -> bool:
    """Does this host of a URL mean this machine's loopback?"""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _either(reasons: Sequence[str]) -> str:
    return "; or ".join(reasons)


def _written(address: Address) -> str:
    return f"{address[0]}:{address[1]}"
