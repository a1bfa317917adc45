import numpy as np

from ari_app.conversation.commands import DropItem, FlushOutput, PauseOutput, ResumeOutput
from ari_app.dialogue.output import Output
from ari_app.media.values import Audio, Played
from tests.support.fake_agent import silence
from tests.support.fake_media import FakeMedia


class Recording(FakeMedia):
    """A media that only writes down what it is told."""

    def play(self, item: str, audio: Audio) -> None:
        self.verbs.append((0.0, f"play {item} {audio.seconds:.1f} at {audio.rate}"))

    def finish(self, item: str) -> None:
        self.verbs.append((0.0, f"finish {item}"))

    def _note(self, verb: str) -> None:
        self.verbs.append((0.0, verb))

    @property
    def told(self) -> list[str]:
        return [verb for _, verb in self.verbs]


def test_what_comes_before_the_media_is_played_first() -> None:
    output, media = Output(), Recording()
    output.begin("a")
    assert output.play("a", silence(1.0))
    output.obey(PauseOutput())
    output.attach(media)
    output.finish("a")
    assert media.told == ["pause", "play a 1.0 at 8000", "finish a"]


def test_over_another_media_only_what_was_not_heard_is_played() -> None:
    output, old, new = Output(), Recording(), Recording()
    output.attach(old)
    for item in ("done", "half", "next"):
        output.begin(item)
        output.play(item, silence(1.0, rate=24000))
        output.play(item, silence(1.0, rate=24000))
        output.finish(item)
    output.played(Played("done", 2.0, "finished"))
    output.played(Played("half", 1.5, "playing"))
    output.attach(new)
    assert new.told == [
        "play half 0.7 at 24000",  # from 1.3 s: 0.2 s are repeated
        "finish half",
        "play next 1.0 at 24000",
        "play next 1.0 at 24000",
        "finish next",
    ]
    seconds = output.played(Played("half", 0.4, "playing")).seconds
    assert abs(seconds - 1.7) < 1e-9


def test_nothing_more_is_taken_of_an_item_that_is_over() -> None:
    output, media = Output(), Recording()
    output.attach(media)
    assert not output.play("never begun", silence(1.0))
    output.begin("a")
    output.obey(DropItem("a"))
    assert not output.play("a", silence(1.0))
    output.finish("a")
    assert media.told == []


def test_an_item_without_audio_never_reaches_the_media() -> None:
    output, media = Output(), Recording()
    output.attach(media)
    output.begin("a")
    assert not output.play("a", Audio(np.zeros(0, np.int16)))
    output.finish("a")
    assert media.told == []
    assert output.unfinished() == ()


def test_verbs_reach_the_media_when_there_is_one() -> None:
    output, media = Output(), Recording()
    for command in (PauseOutput(), ResumeOutput(0.2), FlushOutput()):
        output.obey(command)
    output.attach(media)
    for command in (PauseOutput(), ResumeOutput(0.2), FlushOutput()):
        output.obey(command)
    assert media.told == ["pause", "resume 0.2", "flush"]


def test_how_far_the_last_words_came() -> None:
    output = Output()
    output.attach(Recording())
    output.begin("a")
    output.play("a", silence(2.0))
    output.played(Played("a", 0.6, "playing"))
    assert output.unfinished() == (Played("a", 0.6, "cut"),)
