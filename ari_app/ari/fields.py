"""Reading fields of JSON objects by type.

An absent field gets its type's zero (or None where the field is optional), so that an older or
newer Asterisk never breaks us; a field of the wrong type raises MalformedPacket.
"""

from collections.abc import Callable, Mapping
from typing import NoReturn, TypeVar

from ari_app.errors import MalformedPacket

Json = Mapping[str, object]
"A JSON object."

Model = TypeVar("Model")


def json_object(value: object, where: str = "message") -> Json:
    """The value as a JSON object. Raises MalformedPacket."""
    if not isinstance(value, dict):
        _wrong(where, "an object", value)
    return value


def text(data: Json, key: str) -> str:
    value = data.get(key, "")
    return value if isinstance(value, str) else _wrong(key, "a string", value)


def maybe_text(data: Json, key: str) -> str | None:
    return None if data.get(key) is None else text(data, key)


def whole(data: Json, key: str) -> int:
    value = data.get(key, 0)
    if not isinstance(value, int) or isinstance(value, bool):
        _wrong(key, "a whole number", value)
    return value


def maybe_whole(data: Json, key: str) -> int | None:
    return None if data.get(key) is None else whole(data, key)


def real(data: Json, key: str) -> float:
    value = data.get(key, 0.0)
    if not isinstance(value, int | float) or isinstance(value, bool):
        _wrong(key, "a number", value)
    return float(value)


def maybe_real(data: Json, key: str) -> float | None:
    return None if data.get(key) is None else real(data, key)


def flag(data: Json, key: str) -> bool:
    value = data.get(key, False)
    return value if isinstance(value, bool) else _wrong(key, "true or false", value)


def maybe_flag(data: Json, key: str) -> bool | None:
    return None if data.get(key) is None else flag(data, key)


def mapping(data: Json, key: str) -> Json:
    value = data.get(key)
    return {} if value is None else json_object(value, key)


def many(data: Json, key: str) -> tuple[object, ...]:
    value = data.get(key)
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list) else _wrong(key, "a list", value)


def texts(data: Json, key: str) -> tuple[str, ...]:
    values = many(data, key)
    for value in values:
        if not isinstance(value, str):
            _wrong(key, "a list of strings", value)
    return tuple(str(value) for value in values)


def model(data: Json, key: str, parse: Callable[[Json], Model]) -> Model:
    return parse(json_object(data.get(key), key))


def maybe_model(data: Json, key: str, parse: Callable[[Json], Model]) -> Model | None:
    return None if data.get(key) is None else model(data, key, parse)


def models(data: Json, key: str, parse: Callable[[Json], Model]) -> tuple[Model, ...]:
    return tuple(parse(json_object(value, key)) for value in many(data, key))


def _wrong(key: str, expected: str, value: object) -> NoReturn:
    raise MalformedPacket(f"{key}: expected {expected}, got {type(value).__name__}")
