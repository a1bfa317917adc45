"""A worker that is full listens no more, and again when a call has gone."""

import asyncio
from typing import cast

import pytest
from structlog.testing import capture_logs

from ari_app.ari.pooled import PooledLines
from ari_app.ari.room import Room
from ari_app.errors import AsteriskError


class Port:
    """A pooled line that only listens or does not."""

    def __init__(self) -> None:
        self.calls: set[str] = set()
        self.held = 0
        self.listening = True
        self.taken = False

    def start(self) -> None:
        if self.taken:
            raise AsteriskError("listen on 127.0.0.1:8090", 0, "Address already in use")
        self.listening = True

    def shut(self) -> None:
        self.listening = False


class Scene:
    def __init__(self, most: int) -> None:
        self.driven: set[str] = set()
        self.port = Port()
        self.room = Room(most, lambda: self.driven)
        self.room.watch(cast(PooledLines, self.port))

    def listens(self) -> bool:
        return self.port.listening

    def comes(self, call: str) -> None:
        """On the pooled line; it is driven from its offer on, which is half a second later."""
        self.port.held += 1
        self.room.look()
        self.port.calls.add(call)
        self.driven.add(call)
        self.room.look()

    def goes(self, call: str) -> None:
        self.port.calls.remove(call)
        self.driven.remove(call)
        self.port.held -= 1
        self.room.look()


def test_a_full_worker_does_not_listen_until_one_call_has_gone() -> None:
    scene = Scene(2)
    scene.comes("a")
    assert scene.listens()
    with capture_logs() as logs:
        scene.comes("b")
        assert not scene.listens()
        scene.goes("a")
        assert scene.listens()
    assert [(entry["event"], entry["calls"]) for entry in logs] == [
        ("worker full", 2),
        ("worker has room", 1),
    ]


def test_a_call_counts_from_its_socket_on_and_once() -> None:
    scene = Scene(1)
    scene.port.held = 1
    scene.room.look()
    assert not scene.listens()
    scene.port.calls.add("a")
    scene.driven.add("a")
    assert scene.room.calls == 1


def test_calls_of_shared_lines_take_room_too() -> None:
    scene = Scene(2)
    scene.driven |= {"a", "b"}
    scene.room.look()
    assert scene.room.calls == 2
    assert not scene.listens()
    assert not scene.room.pooled("a")


def test_once_closed_it_never_listens_again() -> None:
    scene = Scene(2)
    scene.comes("a")
    scene.room.close()
    assert not scene.listens()
    scene.goes("a")
    assert not scene.listens()


def test_a_port_that_is_not_to_be_had_is_tried_again_when_the_next_call_goes() -> None:
    scene = Scene(2)
    scene.comes("a")
    scene.comes("b")
    scene.port.taken = True
    with capture_logs() as logs:
        scene.goes("a")
    assert logs[-1]["why"] == "listen on 127.0.0.1:8090: 0 Address already in use"
    scene.port.taken = False
    scene.goes("b")
    assert scene.listens()


async def test_it_can_be_waited_for_until_the_last_call_has_gone() -> None:
    scene = Scene(2)
    scene.comes("a")
    scene.comes("b")
    waiting = asyncio.create_task(scene.room.emptied())
    scene.goes("a")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not waiting.done()
    scene.goes("b")
    await asyncio.wait_for(waiting, 1)
    scene.comes("c")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(scene.room.emptied(), 0.01)
