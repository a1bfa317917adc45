"""What the agent hears, and where in its stream that is."""

from dataclasses import replace

import numpy as np

from ari_app.media.values import Audio, FrameHeard, SpeechBegan, SpeechEnded

SIGHTING = 50
"Frames between two sightings of the stream's position: 1 s."

Edge = SpeechBegan | SpeechEnded


class Ear:
    """Counts what is heard. Media time begins anew with every media; stream time, the seconds of
    audio that the agent was given, does not: all edges are told in it."""

    def __init__(self) -> None:
        self._frames = 0
        self.reached = 0.0
        "Stream time, seconds."
        self._ahead: float | None = None
        "Stream time minus media time; None before the first frame of a media."

    @property
    def sighting_due(self) -> bool:
        """The floor should be told where the stream is: with the first frame, and once a second."""
        return self._frames % SIGHTING == 1

    def attach(self) -> None:
        """Another media is listened to from now on."""
        self._ahead = None
        self._frames = 0

    def hear(self, frame: FrameHeard, *, silent: bool) -> Audio:
        """The next frame; only its length if nobody is to be heard (hold music)."""
        samples = np.zeros_like(frame.samples) if silent else frame.samples
        self._ahead = self.reached - frame.at
        audio = Audio(samples)
        self.reached += audio.seconds
        self._frames += 1
        return audio

    def edge(self, event: Edge) -> Edge:
        """The same edge in stream time."""
        ahead = self.reached if self._ahead is None else self._ahead
        return replace(event, at=max(0.0, event.at + ahead))
