"""Text of the websocket becomes an event, or MalformedPacket and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.ari.generated.events import ChannelDtmfReceived
from ari_app.ari.messages import UnknownEvent, parse_message
from ari_app.errors import MalformedPacket


def test_an_event_of_a_known_type() -> None:
    raw = '{"type": "ChannelDtmfReceived", "digit": "7", "duration_ms": 160, "channel": '
    event = parse_message(raw + '{"id": "1.2", "dialplan": {}, "caller": {}, "connected": {}}}')
    assert isinstance(event, ChannelDtmfReceived)
    assert (event.digit, event.duration_ms, event.channel.id) == ("7", 160, "1.2")


def test_an_unknown_type_keeps_its_fields() -> None:
    event = parse_message('{"type": "Sneeze", "loud": true}')
    assert isinstance(event, UnknownEvent)
    assert event.data["loud"] is True


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin1")))
def test_no_text_breaks_it_otherwise(raw: str) -> None:
    with pytest.raises(MalformedPacket):
        parse_message(raw)
