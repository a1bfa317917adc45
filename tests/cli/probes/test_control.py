"""Each way in which ARI can be unreachable or incomplete has its own advice."""

import re
import socket
from pathlib import Path

import pytest

from ari_app.ari.client import HttpTransport
from ari_app.ari.generated.operations import Operations
from ari_app.cli.probes.control import CODECS, ESSENTIAL, USEFUL, modules, reach, worker
from ari_app.config import Pbx
from ari_app.errors import AsteriskError, OutcomeUnknown
from tests.cli.probes.conftest import FakePbx

FRAGMENT = Path(__file__).parents[3] / "asterisk/modules.conf"


async def test_a_healthy_asterisk_tells_its_version(ari: Operations, entry: Pbx) -> None:
    finding = await reach(ari, entry)
    assert finding.state == "ok"
    assert "Asterisk 22.10.1 at" in finding.found


@pytest.mark.parametrize(
    ("version", "state", "advice"),
    [
        ("17.9.3", "failed", "Upgrade Asterisk to 18"),
        ("18.0.0", "warning", "It will do; 20 or newer"),
        ("certified/18.9-cert4", "warning", "It will do"),
        ("20.15.2", "ok", ""),
        ("GIT-master-1234", "warning", "make sure"),
    ],
)
async def test_old_versions_are_told(
    entry: Pbx, fake_pbx: FakePbx, version: str, state: str, advice: str
) -> None:
    fake_pbx.version = version
    finding = await reach(Operations(fake_pbx), entry)
    assert (finding.state, advice in finding.advice) == (state, True)
    assert version in finding.found


@pytest.mark.parametrize(
    ("refusal", "advice"),
    [
        ((401, b"{}"), "must have the password in ATTENDANT_ARI_PASSWORD"),
        ((403, b"{}"), "read_only = no"),
        ((404, b"<html>"), "Something answers there, but not ARI"),
        ((503, b"{}"), "still starting"),
        ((200, b"<html>hello</html>"), "What answers there is not Asterisk"),
        ((500, b"{}"), "Asterisk's log says why"),
        (OutcomeUnknown("GET /x", 0, "no answer: TimeoutError"), "No answer in time"),
        (AsteriskError("GET /x", 0, "not reached: no such name"), "is Asterisk running"),
    ],
)
async def test_each_refusal_has_its_own_advice(
    ari: Operations,
    entry: Pbx,
    fake_pbx: FakePbx,
    refusal: tuple[int, bytes] | AsteriskError,
    advice: str,
) -> None:
    fake_pbx.refusal = refusal
    finding = await reach(ari, entry)
    assert finding.state == "failed"
    assert advice in finding.advice


async def test_a_closed_port_is_told_in_plain_words() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    transport = HttpTransport(f"http://127.0.0.1:{port}", "attendant", "x" * 20)
    finding = await reach(Operations(transport), Pbx(url=f"http://127.0.0.1:{port}"))
    await transport.close()
    assert "is Asterisk running" in finding.advice
    assert "ssl" not in finding.found


async def test_a_missing_module_is_told_with_the_way_to_load_it(
    ari: Operations, entry: Pbx, fake_pbx: FakePbx
) -> None:
    fake_pbx.modules.discard("chan_rtp.so")
    finding, running = await modules(ari, entry)
    assert finding.state == "failed"
    assert "chan_rtp.so (media over RTP)" in finding.found
    assert "module load chan_rtp.so" in finding.advice
    assert "chan_rtp.so" not in running


async def test_a_module_that_was_loaded_and_does_not_run_is_missing(
    ari: Operations, entry: Pbx, fake_pbx: FakePbx
) -> None:
    fake_pbx.idle = {"res_stasis.so"}
    finding, _ = await modules(ari, entry)
    assert (finding.state, "res_stasis.so" in finding.found) == ("failed", True)


async def test_what_only_transfers_need_is_a_warning(
    ari: Operations, entry: Pbx, fake_pbx: FakePbx
) -> None:
    fake_pbx.modules.discard("app_queue.so")
    finding, _ = await modules(ari, entry)
    assert (finding.state, "transfers to a queue" in finding.found) == ("warning", True)


async def test_voicemail_may_be_built_for_another_storage(
    ari: Operations, entry: Pbx, fake_pbx: FakePbx
) -> None:
    fake_pbx.modules -= {"app_voicemail.so"}
    fake_pbx.modules |= {"app_voicemail_imap.so"}
    finding, _ = await modules(ari, entry)
    assert finding.state == "ok"


async def test_only_the_codec_that_is_used_is_needed(
    ari: Operations, entry: Pbx, fake_pbx: FakePbx
) -> None:
    fake_pbx.modules.discard("codec_alaw.so")
    assert (await modules(ari, entry))[0].state == "ok"
    alaw = entry.model_copy(update={"media": entry.media.model_copy(update={"codec": "alaw"})})
    assert (await modules(ari, alaw))[0].state == "failed"


async def test_whether_a_worker_serves_is_told(ari: Operations, entry: Pbx) -> None:
    assert (await worker(ari, entry, "attendant-1")).facts["serving"] is True
    idle = await worker(ari, entry, "attendant-2")
    assert (idle.state, idle.facts["serving"]) == ("ok", False)
    assert "attendant serve" in idle.advice


def test_everything_needed_is_loaded_by_the_fragment() -> None:
    loaded = set(re.findall(r"^load = (\S+)", FRAGMENT.read_text(), re.MULTILINE))
    needed = {*ESSENTIAL, *USEFUL, *(name for names in CODECS.values() for name in names)}
    assert needed <= loaded
