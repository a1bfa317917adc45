"""The record of a call as Redis keeps it. Strict both ways: what we would not have written so is
left alone.

A hash: `format`, `revision` and `worker`, which the scripts compare, and `record`, everything else
as JSON (UTF-8, keys in the order of CallRecord, no spaces). Two more fields, `writer` and
`attempt`, are the store's own (see ari_app.stores.redis).
"""

import json
import re
from collections.abc import Sequence

import structlog
from pydantic import TypeAdapter, ValidationError

from ari_app.call.record import FORMAT, CallRecord

FIELDS = ("format", "revision", "worker", "record")
"What `unpack` wants, in this order."

log = structlog.get_logger()
_RECORD = TypeAdapter(CallRecord)


def pack(record: CallRecord) -> bytes:
    """The field `record`. Lone surrogates, which UTF-8 cannot hold, become question marks."""
    values = {key: value for key, value in vars(record).items() if key not in FIELDS}
    values["variables"] = dict(record.variables)
    # Utterances are what `default` is for; asdict would take ten times as long.
    text = json.dumps(values, default=vars, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def unpack(call: str, values: Sequence[bytes | None]) -> CallRecord | None:
    """The record in these FIELDS; None when there is none or it is not one of ours (logged)."""
    version, revision, worker, body = values
    if version is None:
        return None
    if version != b"%d" % FORMAT:
        log.warning("record_left_alone", call=call, why="another version's format")
        return None
    record = _parse(revision or b"", worker or b"", body or b"")
    if record is None or record.call != call:
        log.warning("record_left_alone", call=call, why="malformed")
        return None
    return record


def _parse(revision: bytes, worker: bytes, body: bytes) -> CallRecord | None:
    if not re.fullmatch(rb"[1-9][0-9]{0,14}", revision):
        return None
    try:
        header = json.dumps({"worker": worker.decode(), "revision": int(revision)})
        record = _RECORD.validate_json(body[:-1] + b"," + header[1:].encode(), strict=True)
    except (UnicodeDecodeError, ValidationError):
        return None
    return record if pack(record) == body else None
