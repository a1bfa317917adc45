import importlib.util

import pytest

from ari_app.errors import ConfigError
from ari_app.speech.recogniser import GrammarRecogniser
from ari_app.speech.vocabulary import check_phrases, spoken_words

needs_pocketsphinx = pytest.mark.skipif(
    importlib.util.find_spec("pocketsphinx") is None, reason="pocketsphinx is missing: extra local"
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("We’re open, from 9 to 17!", "we're open from nine to seventeen"),
        ("Press 1; or 20, or 42.", "press one or twenty or forty two"),
        (
            "In 2026: 300 people, 0 robots",
            "in two thousand twenty six three hundred people zero robots",
        ),
        (
            "Call 01234 or 5551234",
            "call zero one two three four or five five five one two three four",
        ),
        ("Café Zoë – e-mail", "cafe zoe e mail"),
        ("  ... ", ""),
    ],
)
def test_a_text_becomes_the_words_that_people_say(text: str, words: str) -> None:
    assert " ".join(spoken_words(text)) == words


@needs_pocketsphinx
def test_unknown_words_are_reported_with_their_phrase() -> None:
    assert check_phrases(["yes please", "Opening hours?", "I'd like sales"]) == []
    assert check_phrases(["talk to Xyzzyplugh now", "yes", "?!"]) == [
        "'xyzzyplugh' in 'talk to Xyzzyplugh now'",
        "'?!': has no words",
    ]


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"attendant\[local\]"):
        GrammarRecogniser()
