"""ari-py's names, and a program written as one writes for ari-py."""

import ast
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ari_app.ari import vocabulary
from ari_app.ari.generated.events import ChannelDtmfReceived, StasisStart
from ari_app.ari.vocabulary import Bridge, Channel, Client, connect
from ari_app.errors import ResourceGone
from tests.support.ari_server import AriServer
from tests.support.observer import CACHE

ARI_PY: dict[str, list[str]] = json.loads((Path(__file__).parent / "ari_py.json").read_text())
"Classes of ari 0.1.3 and their public methods."
INNER = {"ObjectIdGenerator", "DefaultObjectIdGenerator", "EndpointIdGenerator", "BaseObject"}
"How it finds ids and shares code; on_event, BaseObject's only public method, is looked for below."


@pytest.fixture
async def client(server: AriServer) -> AsyncIterator[Client]:
    connected = connect(server.url + "/", server.user, server.password)
    yield connected
    await connected.close()


@pytest.mark.parametrize("name", sorted(set(ARI_PY) - INNER))
def test_each_class_of_ari_py_with_its_methods_is_here(name: str) -> None:
    ours = getattr(vocabulary, name)
    assert [method for method in ARI_PY[name] if not callable(getattr(ours, method, None))] == []
    if name not in ("Client", "Repository"):
        assert callable(ours.on_event)


def test_the_list_is_ari_pys() -> None:
    """Where ari-py was fetched, for the observer."""
    folders = list(CACHE.glob("*/ari"))
    if not folders:
        pytest.skip("ari-py was not fetched")
    trees = [ast.parse((folders[0] / f"{name}.py").read_text()) for name in ("client", "model")]
    classes = [node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)]
    found = {
        each.name: [
            m.name for m in each.body if isinstance(m, ast.FunctionDef) and m.name[0] != "_"
        ]
        for each in classes
    }
    assert found == ARI_PY


async def test_a_program_in_its_style(server: AriServer, client: Client) -> None:
    heard: list[Any] = []

    async def greet(objects: dict[str, Channel], event: StasisStart, word: str) -> None:
        """StasisStart may have two channels: the second is replace_channel."""
        channel = objects["channel"]
        heard.append((word, channel.id, event.args))
        await channel.answer()
        bridge = await client.bridges.createWithId(bridgeId="b1", type="mixing")
        assert isinstance(bridge, Bridge)
        await bridge.addChannel(channel=channel.id)
        channel.on_event("ChannelDtmfReceived", pressed)
        await server.tell(
            "ChannelDtmfReceived", digit="1", duration_ms=9, channel={**call, "id": "x"}
        )
        await server.tell("ChannelDtmfReceived", digit="2", duration_ms=9, channel=call)

    async def pressed(channel: Channel, event: ChannelDtmfReceived) -> None:
        heard.append(event.digit)
        await channel.hangup()
        server.drop()

    server.add_channel("1.1")
    call = server.channels["1.1"]
    client.on_event("StasisStart", lambda event: heard.append(event.type)).close()
    client.on_channel_event("StasisStart", greet, word="hello")

    async def begin(app: str) -> None:
        await server.tell("StasisStart", args=["in"], channel=call)

    server.on_open = begin
    await client.run(apps="attendant-1")
    assert heard == [("hello", "1.1", ("in",)), "2"]
    assert [path for _, path, _ in server.requests] == [
        "/channels/1.1/answer",
        "/bridges/b1",
        "/bridges/b1/addChannel",
        "/channels/1.1",
    ]


async def test_lists_are_of_objects(server: AriServer, client: Client) -> None:
    server.add_channel("1.1")
    [channel] = await client.channels.list()
    await channel.hangup()
    with pytest.raises(ResourceGone):
        await channel.ring()


def test_what_ari_does_not_have_is_refused(client: Client) -> None:
    with pytest.raises(AttributeError, match="nothing"):
        client.nothing  # noqa: B018
    with pytest.raises(ValueError, match="no event"):
        client.on_channel_event("Nothing", print)
    with pytest.raises(ValueError, match="has no Bridge"):
        client.on_bridge_event("StasisStart", print)
