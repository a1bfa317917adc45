"""Whole conversations from tests/scenarios/turns: who speaks when, told as timelines.

caller: talkspurts [from, until]; keys: [when, digit]; agent: items given at a time, with
patience or tools; expect: what the floor commands, "seconds what". Times may be 45 ms off: the
stage moves in steps of 20 ms.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ari_app.conversation import commands as ask
from ari_app.conversation.events import Event, Held, ItemQueued, KeyPressed, Started
from ari_app.conversation.settings import FloorSettings
from ari_app.conversation.values import (
    ItemFinished,
    ItemStarted,
    ItemText,
    PatienceSet,
    ToolAsked,
)
from ari_app.media.values import SpeechBegan, SpeechEnded
from tests.conversation.stage import ONSET, Stage

SCENARIOS = Path(__file__).parent.parent / "scenarios" / "turns"
TOLERANCE = 0.045


def told(command: ask.Command) -> str | None:  # noqa: PLR0911 - a table of cases
    """A command as the scenario files write it; None for what they leave out."""
    match command:
        case ask.PauseOutput():
            return "pause"
        case ask.ResumeOutput(rewind):
            return f"resume {rewind:.1f}"
        case ask.FlushOutput():
            return "flush"
        case ask.SendEdge(edge):
            return edge.kind.value
        case ask.SendInterrupt(item, played):
            return f"interrupt {item} {played:.1f}"
        case ask.SendKeys(digits):
            return f"keys {digits}"
        case ask.Say():
            return "say goodbye"
        case ask.HandOver(destination):
            return f"hand over {destination}"
        case ask.HangUp(reason):
            return f"hang up {reason}"
        case ask.AnswerTool(_, result):
            return f"tool {result}"
        case ask.WriteUtterance(line):
            return f"{line.who}: {line.text}" + (" --" if line.cut else "")
    return None


def timeline(scenario: dict[str, Any], hangover: float) -> list[tuple[float, Event]]:
    events: list[tuple[float, Event]] = [(0.0, Started())]
    for began, ended in scenario.get("caller", []):
        events.append((began + ONSET, SpeechBegan(began)))
        events.append((ended + hangover, SpeechEnded(ended)))
    for when, digit in scenario.get("keys", []):
        events.append((when, KeyPressed(str(digit), 0.1)))
    for when, held in scenario.get("held", []):
        events.append((when, Held(held)))
    for act in scenario.get("agent", []):
        events.extend((act["at"], event) for event in acts(act))
    return events


def acts(act: dict[str, Any]) -> list[Event]:
    if "patience" in act:
        return [PatienceSet(act["patience"], act.get("no_input", 6.0))]
    if "tool" in act:
        return [ToolAsked("t1", act["tool"], act.get("with", {}))]
    item = act["item"]
    return [
        ItemStarted(item, act.get("interruptible", True)),
        ItemText(item, act.get("text", "")),
        ItemQueued(item, act["seconds"]),
        ItemFinished(item),
    ]


def scenarios() -> list[Any]:
    found = []
    for path in sorted(SCENARIOS.glob("*.yaml")):
        for scenario in yaml.safe_load(path.read_text()):
            found.append(pytest.param(scenario, id=f"{path.stem}: {scenario['about']}"))
    return found


@pytest.mark.parametrize("scenario", scenarios())
def test_scenario(scenario: dict[str, Any]) -> None:
    settings = FloorSettings(**scenario.get("settings", {}))
    stage = Stage(settings)
    stage.run(timeline(scenario, settings.hangover), scenario["end"])
    seen = [(when, text) for when, command in stage.seen if (text := told(command))]
    expected = [
        (float(line.split(" ", 1)[0]), line.split(" ", 1)[1]) for line in scenario["expect"]
    ]
    assert [text for _, text in seen] == [text for _, text in expected], seen
    for (when, text), (due, _) in zip(seen, expected, strict=True):
        assert when == pytest.approx(due, abs=TOLERANCE), text
