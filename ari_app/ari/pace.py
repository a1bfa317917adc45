"""How patient a shared line is."""

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """Times, all in seconds."""

    first: float = 0.2
    "Before the first attempt to reconnect; doubles with each further one."
    most: float = 5.0
    "Between two attempts to reconnect, at most."
    replaced: float = 30.0
    "Before we take back an application that somebody else took from us."
    settle: float = 0.5
    "How long an event may trail the lists."
    echo: float = 5.0
    "Between two proofs that Asterisk still sends us events."
    deaf: float = 4.0
    "How long such a proof may take."

    def delay(self, attempt: int) -> float:
        """Before the n-th attempt (from 0), jittered so that workers do not come in step."""
        return min(self.most, self.first * 2.0 ** min(attempt, 16)) * random.uniform(0.5, 1.0)
