"""What was generated is all of ARI: operations by their names and arguments, events, models."""

import contextlib
import dataclasses
import inspect
import json
import keyword
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_app.ari.fields import Json
from ari_app.ari.generated import models
from ari_app.ari.generated.events import EVENTS, StasisStart
from ari_app.ari.generated.operations import Operations
from ari_app.ari.messages import UnknownEvent, parse_message
from ari_app.errors import MalformedPacket, OutcomeUnknown

HERE = Path(__file__).parent
INDEX: dict[str, tuple[str, str, list[str]]] = json.loads((HERE / "operations.json").read_text())
"All operations that Asterisk 22.10.1's Swagger lists: method, path, names of arguments."
SAMPLES: dict[str, dict[str, Any]] = json.loads((HERE / "event_samples.json").read_text())
"Events that a real Asterisk 22.10.1 sent."


class Recorder:
    """A transport that keeps what is sent and answers with an empty object."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, dict[str, str], Json | None]] = []

    async def request(
        self, method: str, path: str, query: dict[str, str], body: Json | None
    ) -> tuple[int, bytes]:
        self.sent.append((method, path, dict(query), body))
        return 204, b""

    def stream(self, path: str, query: dict[str, str]) -> None:
        self.sent.append(("GET", path, dict(query), None))


def method_of(operations: Operations, name: str) -> Any:
    namespace, nickname = name.split(".")
    return getattr(getattr(operations, namespace), nickname)


def test_the_index_is_whole() -> None:
    assert len(INDEX) == 109
    assert len(SAMPLES) == 81


@pytest.mark.parametrize("name", INDEX)
async def test_every_operation_is_a_method_with_the_same_arguments(name: str) -> None:
    http_method, path, arguments = INDEX[name]
    recorder = Recorder()
    method = method_of(Operations(recorder), name)  # type: ignore[arg-type]
    given = inspect.signature(method).parameters
    assert sorted(p.rstrip("_") for p in given) == arguments
    assert all(p == n or keyword.iskeyword(n) for p in given for n in [p.rstrip("_")])
    values = {argument: f"a/{argument.rstrip('_')}" for argument in given}
    result = method(**values)
    if inspect.isawaitable(result):
        with contextlib.suppress(OutcomeUnknown):  # the empty answer is no model
            await result
    [(sent_method, sent_path, query, body)] = recorder.sent
    in_path = {key for key in arguments if f"{{{key}}}" in path}
    in_body = set(body) if isinstance(body, dict) else {"filter"} if body else set()
    assert sent_method == http_method
    assert sent_path == path.format_map({key: f"a%2F{key}" for key in in_path})
    assert sorted([*in_path, *query, *in_body]) == arguments


@pytest.mark.parametrize("name", SAMPLES)
def test_every_real_event_parses_without_loss(name: str) -> None:
    sample = SAMPLES[name]
    event = parse_message(json.dumps(sample))
    assert not isinstance(event, UnknownEvent)
    assert type(event).__name__ == sample["type"]
    assert_holds(event, sample)


def assert_holds(model: Any, data: dict[str, Any]) -> None:
    """Each field of the JSON is in the model, down to the leaves."""
    for key, value in data.items():
        held = getattr(model, f"{key}_" if keyword.iskeyword(key) else key)
        if isinstance(value, dict) and dataclasses.is_dataclass(held):
            assert_holds(held, value)
        elif isinstance(value, list):
            assert list(held) == value
        else:
            assert held == value


def test_all_event_types_are_known() -> None:
    assert len(EVENTS) >= 46
    assert {sample["type"] for sample in SAMPLES.values()} <= set(EVENTS)


def test_a_field_that_an_older_asterisk_lacks_is_empty() -> None:
    event = parse_message('{"type": "StasisStart", "channel": {"id": "1.2", "dialplan": {}, '
                          '"caller": {}, "connected": {}}}')  # fmt: skip
    assert isinstance(event, StasisStart)
    assert (event.channel.id, event.channel.protocol_id, event.args) == ("1.2", "", ())


def test_events_are_values() -> None:
    event = parse_message(json.dumps(SAMPLES["StasisStart/PJSIP"]))
    assert event == parse_message(json.dumps(SAMPLES["StasisStart/PJSIP"]))
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.type = "other"  # type: ignore[misc]
    assert dataclasses.is_dataclass(models.Channel)


def test_an_unknown_type_keeps_its_fields() -> None:
    event = parse_message('{"type": "Sneeze", "loud": true}')
    assert isinstance(event, UnknownEvent)
    assert event.data["loud"] is True


@settings(deadline=None)
@given(st.text() | st.binary().map(lambda raw: raw.decode("latin1")))
def test_no_text_breaks_it_otherwise(raw: str) -> None:
    with pytest.raises(MalformedPacket):
        parse_message(raw)
