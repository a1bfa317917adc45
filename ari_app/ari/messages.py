"""Messages of ARI's websocket: text in, typed event out."""

import json
from dataclasses import dataclass, field

from ari_app.ari.fields import Json, json_object, text
from ari_app.ari.generated.events import EVENTS, Message
from ari_app.errors import MalformedPacket


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownEvent(Message):
    """A type that the generating Asterisk did not know; its fields are kept as they came."""

    data: Json = field(default_factory=dict)


def parse_message(raw: str) -> Message:
    """Raises MalformedPacket for anything but a JSON object with a type and fields of theirs."""
    try:
        data = json_object(json.loads(raw))
    except (ValueError, RecursionError) as error:
        raise MalformedPacket(f"message: expected JSON: {error}") from error
    kind = text(data, "type")
    if not kind:
        raise MalformedPacket("message: expected a type")
    parse = EVENTS.get(kind)
    if parse is None:
        return UnknownEvent(type=kind, asterisk_id=None, data=data)
    return parse(data)
