"""A worker, wired: what stops it before it starts, and how it stops. The PBX is a server that
speaks ARI, without sound; real calls are in tests/e2e."""

import asyncio
import json
import socket
import wave
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import request

from ari_app.app import App
from ari_app.config import Secrets, load
from ari_app.errors import AgentError, ConfigError
from tests.support.ari_server import AriServer
from tests.support.audio import tone

FLOW = """\
give_up: desk
steps:
  hello: {ask: "Yes?", digits: {length: 1}, then: bye}
  bye: {hang_up: Goodbye.}
"""
FLITE = """\
#!/bin/sh
if [ "$1" = -lv ]; then echo 'Voices available: slt'; exit; fi
cp "$(dirname "$0")/hello.wav" "$6"
"""
SECRETS = Secrets({"ATTENDANT_ARI_PASSWORD": "test-only"})
FALLBACK = {"context": "attendant-fallback", "extension": "s", "priority": "1"}


class Worker:
    """A worker with a voice that says one word, and a flow that asks for a key."""

    def __init__(self, folder: Path, pbx: AriServer) -> None:
        self.folder = folder
        self.stop = asyncio.Event()
        self._settings: dict[str, Any] = {
            "pbx": [{"url": pbx.url}],
            "speech": {"programs": ["bin"], "recognisers": 0},
            "profiles": {"desk": {"flow": "flow.yaml"}},
            "destinations": {"desk": {"context": "transfer", "extension": "desk"}},
            "journal": "journal.jsonl",
            "drain": 0.3,
        }
        (folder / "flow.yaml").write_text(FLOW)
        (folder / "bin").mkdir()
        (folder / "bin/flite").write_text(FLITE)
        (folder / "bin/flite").chmod(0o755)
        with wave.open(str(folder / "bin/hello.wav"), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(tone(440, 0.2).tobytes())

    def made(self, secrets: Secrets = SECRETS, **changes: Any) -> App:
        (self.folder / "x.yaml").write_text(yaml.safe_dump({**self._settings, **changes}))
        return App(load(self.folder / "x.yaml"), secrets)

    def serving(self, **changes: Any) -> Coroutine[None, None, None]:
        return self.made(**changes).run(self.stop)

    def phases(self) -> list[str]:
        lines = (self.folder / "journal.jsonl").read_text().splitlines()
        return [entry["phase"] for entry in map(json.loads, lines) if entry["kind"] == "phase"]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(3):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.fixture
async def pbx() -> AsyncIterator[AriServer]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        sink.bind(("127.0.0.1", 0))
        async with AriServer(rtp_port=sink.getsockname()[1]).running() as server:
            yield server


@pytest.fixture
def worker(tmp_path: Path, pbx: AriServer) -> Worker:
    return Worker(tmp_path, pbx)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"destinations": {}}, r"flow\.yaml:1: give_up: 'desk', expected a destination"),
        ({"profiles": {"desk": {"flow": "none.yaml"}}}, r"none\.yaml: cannot be read"),
        ({"speech": {"voice": "../slt", "recognisers": 0}}, r"speech\.voice"),
        ({"journal": "nowhere/journal"}, "journal .*cannot be opened"),
    ],
)
async def test_what_cannot_work_is_refused_while_the_worker_is_made(
    worker: Worker, pbx: AriServer, changes: dict[str, Any], expected: str
) -> None:
    with pytest.raises(ConfigError, match=expected):
        worker.made(**changes)
    assert not pbx.requests


async def test_without_a_password_no_worker_is_made(worker: Worker) -> None:
    with pytest.raises(ConfigError, match="ATTENDANT_ARI_PASSWORD"):
        worker.made(Secrets({}))


async def test_a_voice_that_cannot_speak_stops_it_before_the_first_call(
    worker: Worker, pbx: AriServer
) -> None:
    (worker.folder / "bin/hello.wav").unlink()
    with pytest.raises(AgentError, match="failed with exit status"):
        await worker.serving()
    assert not pbx.sockets


async def test_a_live_call_may_finish_while_the_worker_drains(
    worker: Worker, pbx: AriServer
) -> None:
    serving = asyncio.create_task(worker.serving(drain=10))
    await until(lambda: pbx.sockets)
    caller = await pbx.call_in()
    await until(lambda: pbx.asked("POST", f"/channels/{caller}/answer"))
    worker.stop.set()
    await asyncio.sleep(0.1)
    assert not serving.done()
    await pbx.hang_up(caller)
    await asyncio.wait_for(serving, 3)
    assert worker.phases()[-1] == "ended"
    assert not pbx.bridges
    assert not pbx.channels


async def test_a_call_that_outlasts_the_drain_goes_to_the_fallback(
    worker: Worker, pbx: AriServer
) -> None:
    serving = asyncio.create_task(worker.serving())
    await until(lambda: pbx.sockets)
    caller = await pbx.call_in()
    await until(lambda: pbx.asked("POST", f"/channels/{caller}/answer"))
    worker.stop.set()
    await asyncio.wait_for(serving, 3)
    assert pbx.asked("POST", f"/channels/{caller}/continue") == [FALLBACK]
    assert list(pbx.channels) == [caller], "the caller is alive, our media is not"


async def test_who_calls_while_the_worker_drains_goes_to_the_fallback_at_once(
    worker: Worker, pbx: AriServer
) -> None:
    serving = asyncio.create_task(worker.serving(drain=10))
    await until(lambda: pbx.sockets)
    first = await pbx.call_in()
    await until(lambda: pbx.asked("POST", f"/channels/{first}/answer"))
    worker.stop.set()
    await asyncio.sleep(0.05)
    second = await pbx.call_in()
    await until(lambda: pbx.asked("POST", f"/channels/{second}/continue"))
    assert not pbx.asked("POST", f"/channels/{second}/answer")
    assert not pbx.asked("POST", f"/channels/{first}/continue")
    await pbx.hang_up(first)
    await asyncio.wait_for(serving, 3)


async def test_a_call_beyond_the_capacity_goes_to_the_fallback_at_once_and_the_next_is_served(
    worker: Worker, pbx: AriServer
) -> None:
    serving = asyncio.create_task(worker.serving(capacity=1))
    await until(lambda: pbx.sockets)
    first = await pbx.call_in()
    await until(lambda: pbx.asked("POST", f"/channels/{first}/answer"))
    second = await pbx.call_in()
    await until(lambda: pbx.asked("POST", f"/channels/{second}/continue"))
    assert not pbx.asked("POST", f"/channels/{second}/answer")
    await pbx.hang_up(first)
    await until(lambda: worker.phases().count("ended") == 2)
    third = await pbx.call_in()
    await until(lambda: pbx.asked("POST", f"/channels/{third}/answer"))
    worker.stop.set()
    await asyncio.wait_for(serving, 3)


async def test_each_extension_has_its_profile_and_the_caller_its_number(
    worker: Worker, pbx: AriServer
) -> None:
    (worker.folder / "other.yaml").write_text(FLOW.replace("Yes?", "Number {caller}?"))
    profiles = {"desk": {"flow": "flow.yaml"}, "other": {"flow": "other.yaml"}}
    serving = asyncio.create_task(worker.serving(profiles=profiles, routing={"701": "other"}))
    await until(lambda: pbx.sockets)
    caller = await pbx.call_in("4711", "701")
    journal = worker.folder / "journal.jsonl"
    await until(lambda: "Number 4711?" in journal.read_text())
    await pbx.hang_up(caller)
    worker.stop.set()
    await asyncio.wait_for(serving, 3)


async def ask(port: int, path: str) -> tuple[int, str]:
    url = f"http://127.0.0.1:{port}{path}"
    async with request("GET", url) as answer:
        return answer.status, await answer.text()


async def test_it_can_be_watched_from_the_first_call_to_the_end_of_the_drain(
    worker: Worker, pbx: AriServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd, socket.socket() as free:
        systemd.bind(str(worker.folder / "notify"))
        systemd.setblocking(False)
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        monkeypatch.setenv("NOTIFY_SOCKET", str(worker.folder / "notify"))
        serving = asyncio.create_task(worker.serving(drain=10, watch={"port": port}))
        await until(lambda: pbx.sockets)
        assert systemd.recv(100) == b"READY=1\nSTATUS=serving"
        async with asyncio.timeout(3):
            while (await ask(port, "/ready"))[0] != 200:
                await asyncio.sleep(0.01)
        caller = await pbx.call_in("4711", "700")
        await until(lambda: "talking" in worker.phases())
        [call] = json.loads((await ask(port, "/calls"))[1])["calls"]
        assert (call["phase"], call["profile"]) == ("talking", "desk")
        assert "4711" not in str(call)
        worker.stop.set()
        await asyncio.sleep(0.05)
        assert systemd.recv(100) == b"STOPPING=1\nSTATUS=draining"
        assert json.loads((await ask(port, "/ready"))[1])["why"] == ["draining"]
        metrics = (await ask(port, "/metrics"))[1]
        assert 'attendant_calls{phase="talking"} 1.0' in metrics
        assert 'attendant_call_phases_total{phase="talking"} 1.0' in metrics
        assert "attendant_frame_lateness_seconds_bucket" in metrics
        await pbx.hang_up(caller)
        await asyncio.wait_for(serving, 3)
