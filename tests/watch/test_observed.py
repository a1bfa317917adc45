from dataclasses import asdict

import pytest

from ari_app.call.record import CallRecord
from ari_app.conversation.values import Utterance
from ari_app.watch.observed import Snapshot, seen


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (Snapshot({"main": True}, room=1), ()),
        (Snapshot({"main": True}, room=1, store_healthy=False), ()),
        (Snapshot({"main": False, "branch": True}, room=1), ()),
        (Snapshot({"main": False}, room=1), ("no PBX is connected",)),
        (Snapshot({}, room=1), ("no PBX is connected",)),
        (Snapshot({"main": True}, room=0), ("no room for another call",)),
        (Snapshot({"main": True}, room=1, draining=True), ("draining",)),
    ],
)
def test_a_worker_is_ready_when_a_call_could_be_served(
    seen: Snapshot, expected: tuple[str, ...]
) -> None:
    assert seen.obstacles() == expected


RECORD = CallRecord(
    call="k3x",
    worker="attendant.1",
    pbx="main",
    channel="PJSIP/trunk-00000001",
    application="attendant-1",
    caller="+4930123456",
    called="700",
    history=(Utterance("caller", "my secret", 0.0, 1.0),),
    offered=1000.0,
)


def test_of_a_call_neither_numbers_nor_words_are_seen() -> None:
    shown = asdict(seen(RECORD, 1002.25))
    assert shown["seconds"] == 2.2
    for word in ("4930123456", "700", "secret", "PJSIP"):
        assert word not in str(shown)


def test_a_clock_that_is_behind_makes_no_negative_age() -> None:
    assert seen(RECORD, 0.0).seconds == 0
