"""A small sound flow, changed by tests in one place or another."""

from pathlib import Path

import pytest

from ari_app.agents.flow.load import load_flow
from ari_app.agents.flow.model import Flow
from ari_app.errors import ConfigError

DESK = frozenset({"desk"})

Case = tuple[list[tuple[str, str]], list[str]]
"Changes (old, new) of the sound flow, and the complaints that they must bring."


def loaded(folder: Path, text: str) -> Flow:
    file = folder / "flow.yaml"
    file.write_text(text)
    return load_flow(file, DESK)


def complaints(folder: Path, text: str) -> list[str]:
    """All lines of the refusal, without the folder."""
    with pytest.raises(ConfigError) as refusal:
        loaded(folder, text)
    return str(refusal.value).replace(f"{folder}/", "").splitlines()


SOUND = """\
give_up: desk
steps:
  start:
    ask: How can I help?
    choices:
      desk: {phrases: [the desk], digits: "1", then: sure}
      bye: {phrases: [goodbye], digits: "2", then: bye}
  sure:
    confirm: You want the desk?
    yes: desk
    no: start
  desk:
    hand_over: desk
  bye:
    hang_up: Goodbye.
"""


def changed(*changes: tuple[str, str]) -> str:
    text = SOUND
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text
