import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from ari_app.call.record import CallRecord
from ari_app.conversation.values import Utterance
from ari_app.stores.serial import pack, unpack
from tests.stores.contract import record_of

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
UTTERANCE = st.builds(
    Utterance,
    who=st.sampled_from(["caller", "agent"]),
    text=TEXT,
    at=st.floats(allow_nan=False),
    until=st.floats(allow_nan=False),
    cut=st.booleans(),
)
RECORD = st.builds(
    CallRecord,
    **dict.fromkeys(("call", "worker", "pbx", "channel", "application", "caller"), TEXT),
    **dict.fromkeys(("called", "phase", "profile"), TEXT),
    **{name: st.lists(TEXT, max_size=3).map(tuple) for name in ("arguments", "medias", "bridges")},
    made=st.integers(0, 10**6),
    history=st.lists(UTTERANCE, max_size=3).map(tuple),
    variables=st.dictionaries(TEXT, TEXT, max_size=3),
    offered=st.floats(allow_nan=False),
    revision=st.integers(1, 10**9),
)
BYTES = st.binary() | st.sampled_from([b"", b"1", b"2", b"{}", b"[]", b"null", b"\xff"])
BODY = pack(record_of("a1"))


def fields(record: CallRecord) -> list[bytes | None]:
    return [b"1", b"%d" % record.revision, record.worker.encode(), pack(record)]


def changed(**facts: object) -> bytes:
    """The record's JSON as we would write it, with other things in it."""
    return json.dumps(
        {**json.loads(BODY), **facts}, ensure_ascii=False, separators=(",", ":")
    ).encode()


@given(RECORD)
def test_every_record_comes_back_as_it_was(record: CallRecord) -> None:
    assert unpack(record.call, fields(record)) == record


@given(st.tuples(BYTES | st.none(), BYTES | st.none(), BYTES | st.none(), BYTES | st.none()))
def test_any_bytes_are_a_record_or_none(values: tuple[bytes | None, ...]) -> None:
    assert unpack("a1", values) is None


@given(st.data())
def test_a_damaged_record_is_none_or_a_record(data: st.DataObject) -> None:
    body = bytearray(BODY)
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    found = unpack("a1", [b"1", b"7", b"attendant.1", bytes(body)])
    assert found is None or pack(found) == bytes(body)


@pytest.mark.parametrize(
    "body",
    [
        changed(more=1),
        changed(made="3"),
        changed(made=3.0),
        changed(made=True),
        changed(caller=None),
        changed(arguments="inbound"),
        changed(variables={"a": 1}),
        changed(history=[{"who": "nobody", "text": "", "at": 0.0, "until": 1.0, "cut": False}]),
        changed(history=[{"who": "agent", "text": ""}]),
        changed(worker="attendant.1"),
        changed(call="a2"),
        BODY.replace(b'"made":3', b'"made":3,"made":3'),
        BODY.replace(b'"made":3,', b""),
        BODY.replace(b"{", b"{ ", 1),
        b"[" * 200_000,
        b'{"made":' + b"9" * 5000 + b"}",
        BODY[:-1],
    ],
    ids=lambda body: body[-40:].decode(errors="replace") if len(body) < 5000 else "big",
)
def test_what_we_would_not_write_is_left_alone(body: bytes) -> None:
    with capture_logs() as logs:
        assert unpack("a1", [b"1", b"7", b"attendant.1", body]) is None
    assert [(one["event"], one["why"]) for one in logs] == [("record_left_alone", "malformed")]


@pytest.mark.parametrize("revision", [b"", b"0", b"-1", b"01", b"1.0", b" 1", b"9" * 400, None])
def test_a_revision_is_a_positive_number(revision: bytes | None) -> None:
    assert unpack("a1", [b"1", revision, b"attendant.1", BODY]) is None


def test_another_version_is_left_alone_and_said_without_what_is_in_it() -> None:
    with capture_logs() as logs:
        assert unpack("a1", [b"2", b"7", b"attendant.1", BODY]) is None
    (said,) = logs
    assert said == {
        "event": "record_left_alone",
        "log_level": "warning",
        "call": "a1",
        "why": "another version's format",
    }


def test_no_record_is_no_reason_for_a_word() -> None:
    with capture_logs() as logs:
        assert unpack("a1", [None, None, None, None]) is None
    assert not logs


def test_what_utf8_cannot_hold_becomes_a_question_mark() -> None:
    record = record_of("a1", caller="\ud800x", revision=1)
    assert unpack("a1", fields(record)) == replace(record, caller="?x")
