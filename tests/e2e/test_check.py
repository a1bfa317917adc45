"""`attendant check` and `attendant testcall` against a real Asterisk, working and broken."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ari_app.cli.site import Site
from ari_app.pbx.sandbox import Sandbox
from tests.support.calls import answered_call, nothing_left, phone_of, until
from tests.support.pbx import silent_worker

pytestmark = pytest.mark.e2e

Report = dict[str, Any]


@pytest.fixture
def site(pbx: Sandbox, tmp_path: Path) -> Iterator[Site]:
    """A worker's settings; it runs when the test starts it."""
    made = Site(tmp_path / "site", pbx)
    made.configure()
    yield made
    made.stop()


def attendant(
    *words: str | Path, sandbox: Sandbox, **environment: str
) -> subprocess.CompletedProcess[str]:
    password = {"ATTENDANT_ARI_PASSWORD": sandbox.ari_password_file.read_text()}
    return subprocess.run(
        [sys.executable, "-m", "ari_app", *map(str, words)],
        env=os.environ | password | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def checked(site: Site, **environment: str) -> tuple[int, Report]:
    """Exit status, and the findings by probe."""
    done = await asyncio.to_thread(
        attendant, "check", "--json", "-c", site.config, sandbox=site.sandbox, **environment
    )
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    return done.returncode, {one["probe"]: one for one in report["findings"]}


def failed(found: Report) -> list[str]:
    return [probe for probe, one in found.items() if one["state"] == "failed"]


async def test_all_works_without_a_worker(pbx: Sandbox, site: Site) -> None:
    status, found = await checked(site)
    assert (status, failed(found)) == (0, []), found
    assert found["worker"]["facts"]["serving"] is False
    assert found["recogniser"]["state"] == "ok"
    audio = found["audio"]["facts"]
    assert audio["packets_out"] > 20
    assert audio["packets_in"] > 20
    assert audio["round_trip_ms"] < 60
    await nothing_left(pbx)


async def test_a_worker_that_serves_a_call_is_not_disturbed(pbx: Sandbox, site: Site) -> None:
    site.start()
    async with phone_of(pbx) as phone:
        call = await answered_call(phone)
        status, found = await checked(site)
        assert (status, failed(found)) == (0, []), found
        assert found["worker"]["facts"]["serving"] is True
        assert call.state == "answered"
        await call.hang_up()
    assert '"level": "warning"' not in site.log.read_text()
    await nothing_left(pbx)


async def test_a_fixed_port_that_the_worker_has_is_left_to_it(pbx: Sandbox, site: Site) -> None:
    site.configure({"board": {"port": pbx.settings.sip_port + 90}})
    site.start()
    status, found = await checked(site)
    assert (status, failed(found)) == (0, []), found


async def test_a_wrong_password(site: Site) -> None:
    status, found = await checked(site, ATTENDANT_ARI_PASSWORD="wrong-password-wrong")
    assert (status, failed(found)) == (1, ["ari"])
    assert "ari.conf" in found["ari"]["advice"]
    assert "wrong-password" not in json.dumps(found)


async def test_a_closed_port(site: Site) -> None:
    site.configure({"pbx": [{"url": "http://127.0.0.1:9"}]})
    status, found = await checked(site)
    assert (status, failed(found)) == (1, ["ari"])
    assert "is Asterisk running" in found["ari"]["advice"]


async def test_a_port_that_is_not_aris(site: Site) -> None:
    url = site.sandbox.ari_url.replace("/ari", "/nowhere")
    site.configure({"pbx": [{"url": url}]})
    _, found = await checked(site)
    assert "but not ARI" in found["ari"]["advice"]


async def test_a_module_is_missing(make_pbx: Callable[..., Sandbox], tmp_path: Path) -> None:
    site = Site(tmp_path / "site", make_pbx())
    site.configure()
    site.sandbox.cli("module unload chan_rtp.so")
    status, found = await checked(site)
    assert (status, failed(found)) == (1, ["modules"])
    assert "module load chan_rtp.so" in found["modules"]["advice"]
    site.sandbox.cli("module load chan_rtp.so")
    assert (await checked(site))[0] == 0, "its advice helps"


async def test_our_dialplan_is_not_included(
    make_pbx: Callable[..., Sandbox], tmp_path: Path
) -> None:
    site = Site(tmp_path / "site", make_pbx())
    site.configure()
    contexts = ("agent", "check", "fallback", "transfer")
    for context in contexts:
        site.sandbox.cli(f"dialplan remove context attendant-{context}")
    status, found = await checked(site)
    assert (status, failed(found)) == (1, ["dialplan", "audio"])
    for context in contexts:
        assert f"attendant-{context}" in found["dialplan"]["found"]
    assert "#include attendant/dialplan/attendant.conf" in found["dialplan"]["advice"]
    await nothing_left(site.sandbox)


async def test_a_destination_that_the_dialplan_lacks(site: Site) -> None:
    site.configure(
        {
            "destinations": {
                "mailbox": {"context": "attendant-transfer", "extension": "mailbox"},
                "sales": {"context": "sales-team", "extension": "1"},
                "support": {"context": "attendant-transfer", "extension": "queue"},
            }
        }
    )
    status, found = await checked(site)
    assert (status, failed(found)) == (1, ["dialplan"])
    assert "destinations.sales" in found["dialplan"]["found"]


async def test_packets_that_go_astray_are_told_by_direction(pbx: Sandbox, site: Site) -> None:
    pbx.cli("module load func_talkdetect.so")
    media = {"advertise": "127.0.0.2"}  # loopback too, but nobody listens
    site.configure({"pbx": [{"url": pbx.ari_url, "media": media}]})
    status, found = await checked(site)
    assert (status, failed(found)) == (1, ["audio"])
    facts = found["audio"]["facts"]
    assert (facts["to_pbx"], facts["from_pbx"]) == (True, False)
    assert "media.advertise is not an address that leads here" in found["audio"]["advice"]
    await nothing_left(pbx)


class Translation(asyncio.DatagramProtocol):
    """Packets from the PBX reach the board from another address, as through NAT."""

    def __init__(self, board: tuple[str, int]) -> None:
        self._board = board
        self._pbx: tuple[str, int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if addr != self._board:
            self._pbx = addr
            self._transport.sendto(data, self._board)
        elif self._pbx is not None:
            self._transport.sendto(data, self._pbx)


async def test_address_translation_is_seen_and_its_advice_helps(pbx: Sandbox, site: Site) -> None:
    port = pbx.settings.sip_port + 91
    between, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Translation(("127.0.0.1", port)), local_addr=("127.0.0.3", port)
    )
    media: dict[str, Any] = {"advertise": "127.0.0.3"}
    try:
        changes = {"pbx": [{"url": pbx.ari_url, "media": media}], "board": {"port": port}}
        site.configure(changes)
        _, found = await checked(site)
        assert failed(found) == ["audio"]
        assert "set media.map: {127.0.0.1: 127.0.0.3}" in found["audio"]["advice"]
        media["map"] = {"127.0.0.1": "127.0.0.3"}
        site.configure(changes)
        status, found = await checked(site)
        assert (status, failed(found)) == (0, []), found
    finally:
        between.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_check_that_is_stopped_clears_up(
    pbx: Sandbox, site: Site, number: signal.Signals
) -> None:
    site.configure({"pbx": [{"url": pbx.ari_url, "media": {"advertise": "127.0.0.2"}}]})
    check = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ari_app", "check", "-c", site.config),
        env={**os.environ, "ATTENDANT_ARI_PASSWORD": pbx.ari_password_file.read_text()},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    await until(lambda: "attendant-check-" in pbx.cli("core show channels"), 10, "its channels")
    check.send_signal(number)
    assert await check.wait() == 130
    await nothing_left(pbx, within=1.0)


async def test_what_a_killed_check_leaves_ends_by_itself(pbx: Sandbox) -> None:
    """The absolute timeout that a trial sets holds for a media channel in Stasis, too."""
    app, media = "attendant-check-killed", "attendant-check-killed.1.trial.m1"
    async with silent_worker(pbx, app) as worker:
        about = {"app": app, "external_host": "127.0.0.1:9", "format": "ulaw"}
        await worker.post("channels/externalMedia", channelId=media, **about)
        await worker.next("StasisStart")
        await worker.post(f"channels/{media}/variable", variable="TIMEOUT(absolute)", value="1")
        await nothing_left(pbx)


def called(site: Site, number: str, *words: str | Path, user: str = "bob") -> Any:
    host, port = site.sandbox.sip_address
    password = site.sandbox.secret_file(user).read_text()
    account = ("--registrar", f"{host}:{port}", "--user", user, "--password-env", "PHONE")
    return attendant(
        *("testcall", number, *account, "-c", site.config, *words),
        sandbox=site.sandbox,
        PHONE=password,
    )


async def test_a_testcall_hears_the_agent_and_presses_a_key(
    pbx: Sandbox, site: Site, tmp_path: Path
) -> None:
    site.start()
    wav = tmp_path / "call.wav"
    words = ("700", "--press", "1", "--seconds", "9", "--wav", wav, "--json")
    done = await asyncio.to_thread(called, site, *words)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["answered"] < 3
    assert report["heard"][0]["at"] < 1.5
    assert -40 < report["level"] < -5
    with wave.open(str(wav)) as file:
        assert file.getnchannels() == 2
        assert file.getnframes() / 8000 == pytest.approx(report["seconds"], abs=0.1)
    pressed = [entry for entry in site.journal() if entry["kind"] == "caller_said"]
    assert pressed[0]["by"] == "keys"
    await nothing_left(pbx)


async def test_a_testcall_speaks(pbx: Sandbox, site: Site) -> None:
    site.start()
    words = ("700", "--say", "opening hours", "--seconds", "14")
    done = await asyncio.to_thread(called, site, *words)
    assert done.returncode == 0, done.stderr
    assert "the far side spoke" in done.stdout
    said = [entry for entry in site.journal() if entry["kind"] == "caller_said"]
    assert said[0]["text"] == "opening hours"
    await nothing_left(pbx)


@pytest.mark.parametrize(
    ("number", "user", "expected"),
    [("7999", "bob", "7999: 404"), ("700", "nobody", "nobody")],
)
async def test_a_testcall_that_does_not_come_about_says_why(
    site: Site, number: str, user: str, expected: str
) -> None:
    def call() -> Any:
        if user == "bob":
            return called(site, number)
        host, port = site.sandbox.sip_address
        words = ("testcall", number, "--registrar", f"{host}:{port}", "--user", user)
        return attendant(*words, "--password-env", "PHONE", sandbox=site.sandbox, PHONE="x" * 20)

    done = await asyncio.to_thread(call)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert expected in done.stderr or "refused" in done.stderr
