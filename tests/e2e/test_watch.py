"""A worker watched over a real call."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import request
from prometheus_client.parser import text_string_to_metric_families

from ari_app.cli.site import Site
from ari_app.pbx.sandbox import Sandbox
from ari_app.phone.listen import Listener
from tests.support.calls import answered_call, nothing_left, phone_of
from tests.support.redis import free_port

pytestmark = pytest.mark.e2e

Values = dict[tuple[str, ...], float]


@pytest.fixture
def port(pbx: Sandbox, tmp_path: Path) -> Iterator[int]:
    """Where a worker is watched."""
    port = free_port()
    site = Site(tmp_path, pbx)
    site.configure({"watch": {"port": port}})
    site.start()
    yield port
    assert site.stop() == 0


async def figures(port: int) -> Values:
    """Values by name and label values."""
    async with request("GET", f"http://127.0.0.1:{port}/metrics") as answer:
        text = await answer.text()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_a_call_is_in_the_figures(pbx: Sandbox, port: int) -> None:
    async with request("GET", f"http://127.0.0.1:{port}/ready") as answer:
        assert answer.status == 200
    async with phone_of(pbx) as phone:
        call = await answered_call(phone)
        await Listener(call).onset()
        async with request("GET", f"http://127.0.0.1:{port}/calls") as answer:
            assert [one["phase"] for one in (await answer.json())["calls"]] == ["talking"]
        await asyncio.sleep(2)
        await call.hang_up()
    await nothing_left(pbx)
    seen = await figures(port)
    assert seen["attendant_calls", "talking"] == 0
    assert seen["attendant_calls_ended_total", "caller_hung_up"] == 1
    assert seen["attendant_call_ready_seconds_count",] == 1
    assert seen["attendant_rtp_packets_total", "received"] >= 100
    assert seen["attendant_rtp_packets_total", "sent"] >= 100
    assert seen["attendant_rtp_packets_total", "lost"] == 0
    late, frames = (
        seen["attendant_frame_lateness_seconds_bucket", limit] for limit in ("0.06", "+Inf")
    )
    assert late == frames >= 100
