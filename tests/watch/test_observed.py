import pytest

from ari_app.watch.observed import Snapshot


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
