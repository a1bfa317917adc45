"""Beeps through a real board to an echo, and what is said when they do not come back."""

import asyncio
from ipaddress import IPv4Address

import pytest

from ari_app.ari.generated.operations import Operations
from ari_app.board.board import MediaBoard
from ari_app.cli.probes import Finding, audio
from ari_app.cli.probes.audio import Passage, judge, send_beeps
from ari_app.cli.probes.trial import trial
from ari_app.config import Media, Pbx
from ari_app.media.values import MediaStatistics
from tests.cli.probes.conftest import FakePbx


async def beep(ari: Operations, entry: Pbx, board: MediaBoard) -> Passage | None:
    async with trial(ari) as made:
        remote = await made.open_media(board.address, entry.media.codec)
        return await send_beeps(made, board, entry, remote, tells=True)


async def found(ari: Operations, entry: Pbx) -> Finding:
    async with MediaBoard(rows=2) as board:
        passage = await beep(ari, entry, board)
    assert passage is not None
    return judge(entry, passage)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ECHO_SECONDS", "LISTEN_SECONDS"):
        monkeypatch.setattr(audio, name, 0.3)


async def test_both_ways_with_the_time_it_took(ari: Operations, entry: Pbx) -> None:
    finding = await found(ari, entry)
    assert finding.state == "ok", finding
    assert (finding.facts["to_pbx"], finding.facts["from_pbx"]) == (True, True)
    trip, sent = finding.facts["round_trip_ms"], finding.facts["packets_out"]
    assert isinstance(trip, float)
    assert 0 < trip < 100
    assert isinstance(sent, int)
    assert sent > 20


@pytest.mark.usefixtures("impatient")
async def test_nothing_comes_back_though_the_pbx_hears_us(
    ari: Operations, entry: Pbx, fake_pbx: FakePbx
) -> None:
    fake_pbx.echo.answers = False
    finding = await found(ari, entry)
    assert finding.state == "failed"
    assert "one way: the PBX hears us" in finding.found
    assert "set media.advertise" in finding.advice
    assert (finding.facts["to_pbx"], finding.facts["from_pbx"]) == (True, False)


@pytest.mark.usefixtures("impatient")
async def test_neither_way(ari: Operations, entry: Pbx, fake_pbx: FakePbx) -> None:
    fake_pbx.echo.hears = False
    finding = await found(ari, entry)
    assert "neither way" in finding.found
    assert finding.facts["to_pbx"] is False


@pytest.mark.usefixtures("impatient")
async def test_packets_from_elsewhere_suggest_the_map(
    ari: Operations, entry: Pbx, fake_pbx: FakePbx
) -> None:
    elsewhere, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.9", 0)
    )
    fake_pbx.echo.elsewhere = elsewhere
    try:
        finding = await found(ari, entry)
    finally:
        elsewhere.close()
    assert finding.state == "failed"
    assert "media.map: {127.0.0.1: 127.0.0.9}" in finding.advice


async def test_no_echo_in_the_dialplan(ari: Operations, entry: Pbx, fake_pbx: FakePbx) -> None:
    fake_pbx.absent.add("attendant-check")
    async with MediaBoard(rows=2) as board:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("ari_app.cli.probes.trial.PATIENCE", 0.1)
            assert await beep(ari, entry, board) is None


def passage(**changes: object) -> Passage:
    usual = {
        "remote": ("192.0.2.1", 10000),
        "advertised": ("192.0.2.7", 40000),
        "stranger": None,
        "trips": (),
        "heard_us": None,
        "statistics": MediaStatistics(sent=200),
    }
    return Passage(**{**usual, **changes})  # type: ignore[arg-type]


REMOTE = Pbx(url="http://192.0.2.1:8088")
ADVERTISED = Pbx(url="http://192.0.2.1:8088", media=Media(advertise=IPv4Address("192.0.2.99")))


@pytest.mark.parametrize(
    ("pbx", "changes", "advice"),
    [
        (REMOTE, {}, "a firewall here that drops UDP to that port"),
        (REMOTE, {"advertised": ("127.0.0.1", 4000)}, "set board.bind"),
        (REMOTE, {"advertised": ("0.0.0.0", 4000)}, "which is no address: set media.advertise"),
        (ADVERTISED, {}, "media.advertise is not an address that leads here"),
        (REMOTE, {"statistics": MediaStatistics(sent=200, received=50)}, "rtp.conf"),
        (REMOTE, {"trips": (0.1, 0.1)}, "loses packets"),
    ],
)
def test_the_likely_cause_is_named(pbx: Pbx, changes: dict[str, object], advice: str) -> None:
    finding = judge(pbx, passage(**changes))
    assert finding.state == "failed"
    assert advice in finding.advice


def test_losses_are_a_warning() -> None:
    lossy = MediaStatistics(sent=100, received=90, lost=10)
    finding = judge(REMOTE, passage(trips=(0.02,) * audio.BEEPS, statistics=lossy))
    assert (finding.state, "10 lost" in finding.found) == ("warning", True)
