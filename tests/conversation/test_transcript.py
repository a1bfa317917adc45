import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.conversation.transcript import Transcript, words_played
from ari_app.conversation.values import Utterance


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.0, ""), (0.1, ""), (0.3, "one"), (0.5, "one two"), (0.99, "one two three")],
)
def test_only_whole_words_were_played(share: float, words: str) -> None:
    assert words_played("one two three four", share) == words


@given(st.text(), st.floats(0, 0.999), st.floats(0, 0.999))
def test_more_time_never_means_fewer_words(text: str, one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert words_played(text, more).startswith(words_played(text, less))


def test_the_transcript_holds_what_was_heard_and_what_was_played() -> None:
    transcript = Transcript()
    transcript.played("How can I help?", 0.0, 1.0)
    transcript.heard(" sales please ", 2.0, 3.0)
    transcript.played("I connect you at once", 3.5, 4.5, share=0.5)
    assert transcript.lines == (
        Utterance("agent", "How can I help?", 0.0, 1.0),
        Utterance("caller", "sales please", 2.0, 3.0),
        Utterance("agent", "I connect", 3.5, 4.5, cut=True),
    )


def test_what_has_no_words_is_no_line() -> None:
    transcript = Transcript()
    assert transcript.heard("  ", 0.0, 1.0) is None
    assert transcript.played("Hello", 0.0, 0.1, share=0.1) is None
    assert transcript.lines == ()
