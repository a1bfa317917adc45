"""The words that a recogniser can hear: sentences as dictionary words, and the dictionary itself.

Reads pocketsphinx's files only; its code runs in worker processes (recogniser_worker).
"""

import importlib.util
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from ari_app.errors import ConfigError

WORD = re.compile(r"\d+|[a-z]+(?:['.-][a-z]+)*'?")
ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def spoken_words(text: str) -> tuple[str, ...]:
    """The words of a text as the dictionary writes them: lower case, numbers spelled out.

    "We're open 9 to 17." → we're open nine to seventeen. What is no word is left out.
    """
    plain = unicodedata.normalize("NFKD", text.replace("’", "'").lower())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words: list[str] = []
    for found in WORD.findall(plain):
        words += spelled(found) if found.isdigit() else re.split(r"[.-]", found)
    return tuple(words)


def spelled(digits: str) -> list[str]:
    """A number in words as people say it, to 9999; longer ones digit by digit, as a telephone's."""
    number = int(digits)
    if len(digits) > 4 or (digits[0] == "0" and len(digits) > 1):
        return [ONES[int(digit)] for digit in digits]
    words: list[str] = []
    for size, name in ((1000, "thousand"), (100, "hundred")):
        if number >= size:
            words += [ONES[number // size], name]
            number %= size
    if number >= 20:
        words.append(TENS[number // 10 - 2])
        number %= 10
        if not number:
            return words
    return [*words, ONES[number]] if number or not words else words


def model_folder() -> Path:
    """pocketsphinx's own English model. Raises ConfigError when it is not installed."""
    found = importlib.util.find_spec("pocketsphinx")
    if found is None or not found.submodule_search_locations:
        raise ConfigError(
            "speech: pocketsphinx is missing: expected the extra `local`: "
            "pip install 'attendant[local]'"
        )
    return Path(found.submodule_search_locations[0]) / "model" / "en-us"


@lru_cache(maxsize=1)
def dictionary() -> frozenset[str]:
    """Every word that can be recognised. Raises ConfigError when there is no recogniser."""
    path = model_folder() / "cmudict-en-us.dict"
    try:
        with path.open(encoding="utf-8") as lines:
            return frozenset(line.split(" ", 1)[0] for line in lines)
    except OSError as error:
        raise ConfigError(f"speech: {path}: cannot be read: {error.strerror}") from error


def check_phrases(phrases: Iterable[str]) -> list[str]:
    """What in these phrases cannot be recognised: unknown words, each with its phrase; [] is good.

    Needs no running recogniser. Raises ConfigError when none is installed.
    """
    faults = []
    for phrase in phrases:
        words = spoken_words(phrase)
        if not words:
            faults.append(f"{phrase!r}: has no words")
        faults += [f"{word!r} in {phrase!r}" for word in words if word not in dictionary()]
    return faults


def known_words(text: str) -> tuple[str, ...]:
    """The words of a text that can be recognised. Raises ConfigError without a recogniser."""
    return tuple(word for word in spoken_words(text) if word in dictionary())
