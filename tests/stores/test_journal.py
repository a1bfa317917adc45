"""The file of calls' stories."""

import json
import stat
from pathlib import Path

import pytest

from ari_app.errors import ConfigError
from ari_app.stores.journal import FileJournal


def test_entries_are_lines_that_only_the_owner_can_read(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = FileJournal(path)
    journal.write("k1", "agent_said", 1.23456, text="Guten Tag,\nJürgen", cut=False)
    journal.write("k1", "keys", 2.0, keys="1")
    journal.close()
    first, second = (json.loads(line) for line in path.read_text().splitlines())
    assert (first["call"], first["at"], first["text"]) == ("k1", 1.235, "Guten Tag,\nJürgen")
    assert second["keys"] == "1"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_later_worker_goes_on_in_the_same_file(tmp_path: Path) -> None:
    for call in ("k1", "k2"):
        journal = FileJournal(tmp_path / "journal.jsonl")
        journal.write(call, "phase", 0.0, phase="ended")
        journal.close()
    assert len((tmp_path / "journal.jsonl").read_text().splitlines()) == 2


def test_a_folder_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"journal .*none.* cannot be opened: No such file"):
        FileJournal(tmp_path / "none" / "journal.jsonl")
