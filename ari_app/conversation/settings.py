"""How patient and how watchful the conversation is. Plain numbers, built from a profile."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FloorSettings:
    """All times in seconds."""

    confirm: float = 0.3
    "Speech of this length interrupts us."
    verdict: float = 0.4
    "A pause on mere suspicion lasts at most this long; not less than confirm + hangover - 0.06."
    hangover: float = 0.1
    "How long after the last speech the detector says SpeechEnded (media.gate: 100 ms)."
    rewind: float = 0.2
    "Repeated when we go on after a false suspicion."
    false_limit: int = 2
    "This many false suspicions within `false_window` and we no longer pause on suspicion."
    false_window: float = 30.0
    overlap: float = 0.5
    "Speech over the last so many seconds of what we say is an early answer, no interruption."
    shortest_turn: float = 0.12
    "Less speech than this is no turn."
    longest_turn: float = 30.0
    "A turn is over after this long, even if the caller (or a fan) never falls silent."
    reprompts: int = 2
    "How often a caller who says nothing is asked again before the goodbye."
    goodbye: str = "I did not hear anything. Goodbye."
    "Said to a caller who says nothing; '' hangs up without a word."
    stalled: float = 3.0
    "A hand-over or hang-up waits for unfinished speech no longer than this without progress."
