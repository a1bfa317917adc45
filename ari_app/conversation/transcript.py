"""What was really said: heard from the caller, played by the agent."""

from ari_app.conversation.values import Utterance


class Transcript:
    """Lines in the order in which they were over. Holds personal data."""

    def __init__(self) -> None:
        self._lines: list[Utterance] = []

    @property
    def lines(self) -> tuple[Utterance, ...]:
        return tuple(self._lines)

    def heard(self, text: str, at: float, until: float) -> Utterance | None:
        """The caller said (or keyed) this. None when nothing was understood."""
        return self._add(Utterance("caller", text.strip(), at, until))

    def played(self, text: str, at: float, until: float, share: float = 1.0) -> Utterance | None:
        """The agent's item was played from `at` to `until`, stream time; less than all of it
        (`share` below 1) if it was cut. None when not one word was."""
        if share >= 1.0:
            return self._add(Utterance("agent", text.strip(), at, until))
        return self._add(Utterance("agent", words_played(text, share), at, until, cut=True))

    def _add(self, utterance: Utterance) -> Utterance | None:
        if not utterance.text:
            return None
        self._lines.append(utterance)
        return utterance


def words_played(text: str, share: float) -> str:
    """The words that were over when this share of the text's audio was, as if every letter took
    equally long: a measure until voices tell the times of their words."""
    reach = len(text) * share
    end = 0
    for at, letter in enumerate(text):
        if at > reach:
            break
        if letter.isspace():
            end = at
    return text[:end].strip()
