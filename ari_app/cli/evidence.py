"""What the demo tells while it happens, and what it leaves behind: a recording and a picture."""

import asyncio
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from ari_app.cli.recording import write_stereo
from ari_app.cli.site import Site
from ari_app.media.values import Audio
from ari_app.phone.listen import Stretch
from ari_app.phone.port import PhoneCall
from ari_app.timeline import Mark, timeline_svg

STYLES = {"caller": "bold blue", "agent": "bold dark_orange3", "mailbox": "bold dark_orange3"}


class Ears(Protocol):
    async def transcribe(self, audio: Audio, sentences: tuple[str, ...]) -> str: ...


class Evidence:
    """The story of one call after the other, told to a person."""

    def __init__(self, folder: Path, site: Site, console: Console) -> None:
        self._folder = folder
        self._site = site
        self._console = console
        self._marks: list[Mark] = []
        self._waits: list[float] = []
        self._kept: list[Path] = []
        self._begun = self._read = 0
        "Entries of the journal that were told already."
        self._understanding: list[asyncio.Task[None]] = []

    def title(self, text: str) -> None:
        self._console.print()
        self._console.print(Rule(text, align="left", style="dim"))

    def line(self, text: str | Text, who: str = "", at: float | None = None) -> None:
        row = Table.grid(padding=(0, 1))
        row.add_column(width=8, justify="right", style="dim")
        row.add_column(width=8, style=STYLES.get(who, "dim"))
        row.add_column(overflow="fold")
        row.add_row("" if at is None else f"{at:.1f} s", who, text)
        self._console.print(row, highlight=False)

    def begin(self, text: str, ears: Ears, sentences: tuple[str, ...]) -> None:
        """A call is answered: what follows happens in it. sentences: what may be heard."""
        self._marks, self._understanding = [], []
        self._ears, self._sentences = ears, sentences
        self.line(text, at=0.0)

    def tell(self, mark: Mark) -> None:
        """See Audience."""
        self._marks.append(mark)
        match mark.kind:
            case "caller":
                self.line(f"“{mark.text}”", "caller", mark.at)
            case "keys":
                self.line(f"presses {mark.text}", "caller", mark.at)
            case "wait":
                self._waits.append(mark.until - mark.at)
                said = "from the caller's last sound to the agent's first"
                self.line(Text.assemble((mark.text, "green"), f" {said}"))
            case _:
                self.line(mark.text, at=mark.at)

    def heard(self, stretch: Stretch, audio: Audio, *, cut: bool) -> None:
        """See Audience. What was meant is told at once, what was understood as soon as it is."""
        meant = self._meant() + (" —" if cut else "")
        who = "agent" if meant.strip(" —") else "mailbox"
        mark = Mark("agent", stretch.at, stretch.until, meant if who == "agent" else "")
        self._marks.append(mark)
        self.line(meant if who == "agent" else "(a prompt of Asterisk's own)", who, mark.at)
        self._understanding.append(asyncio.create_task(self._understand(mark, audio)))

    async def _understand(self, mark: Mark, audio: Audio) -> None:
        heard = await self._ears.transcribe(audio, self._sentences)
        whole = mark.text and not mark.text.endswith("—")
        likeness = f" ({_likeness(mark.text, heard):.0%} of the words)" if whole else ""
        told = f"the phone heard from {mark.at:.1f} s: {heard or '(no words)'}{likeness}"
        self.line(Text(told, style="dim"))
        if not mark.text:
            self._marks[self._marks.index(mark)] = Mark("agent", mark.at, mark.until, heard)

    def _meant(self) -> str:
        entries = list(self._site.journal())
        new, self._read = entries[self._read :], len(entries)
        return " ".join(str(entry["text"]) for entry in new if entry["kind"] == "agent_said")

    async def end(self, name: str, call: PhoneCall) -> None:
        """The call is over: keep its recording and its picture."""
        await asyncio.gather(*self._understanding)
        sent, heard = call.sent_audio(), call.heard()
        recording, picture = self._folder / f"{name}.wav", self._folder / f"{name}.svg"
        write_stereo(recording, sent, heard)
        marks = [*self._marks, *self._handed_over()]
        picture.write_text(timeline_svg(sent, heard, marks, name.replace("-", " ")))
        self._kept += [recording, picture]
        self._begun = self._read = len(list(self._site.journal()))

    def _handed_over(self) -> list[Mark]:
        """When the worker gave the last call back, on the phone's clock."""
        entries = list(self._site.journal())[self._begun :]
        phases = {entry["phase"]: entry for entry in entries if "phase" in entry}
        if "handing over" not in phases:
            return []
        entry = phases["handing over"]
        at = entry["at"] - phases["talking"]["at"]
        return [Mark("event", at, at, str(entry["outcome"]))]

    def sum_up(self, seconds: float) -> None:
        """The last words."""
        self.title("What you saw")
        waits = sorted(self._waits)
        self.line(
            f"{len(waits)} answers to speech, {1000 * waits[0]:.0f} to {1000 * waits[-1]:.0f} ms "
            f"(median {1000 * waits[len(waits) // 2]:.0f}) after the caller's last sound; about "
            "600 of them wait whether the caller goes on"
        )
        for path in self._kept:
            self.line(f"kept: {path}")
        self.line(f"all in {seconds:.0f} s")


def _likeness(meant: str, heard: str) -> float:
    return SequenceMatcher(None, _words(meant), _words(heard), autojunk=False).ratio()


def _words(text: str) -> Sequence[str]:
    return "".join(letter for letter in text.lower() if letter.isalpha() or letter == " ").split()
