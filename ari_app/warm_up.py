"""What a worker does before its first caller, so that no caller waits for it."""

import asyncio
from collections.abc import Mapping

import structlog

from ari_app.agents.flow.model import Flow, flow_texts
from ari_app.config import Settings
from ari_app.errors import AgentError
from ari_app.media.values import Audio
from ari_app.speech.recogniser import GrammarRecogniser
from ari_app.speech.voices import ProgramVoice


async def warm_up(
    settings: Settings,
    flows: Mapping[str, Flow],
    voice: ProgramVoice,
    recogniser: GrammarRecogniser | None,
) -> None:
    """Make all that will surely be said, and start the recogniser. Raises AgentError when the
    voice does not work; without a recogniser callers still have their keys."""
    for name, profile in settings.profiles.items():
        texts = [*flow_texts(flows[name]), profile.goodbye]
        await voice.prefetch(texts, profile.language)
    if recogniser is None:
        return
    word = Audio(await voice.say("yes"))
    again = range(settings.speech.recognisers)
    try:
        await asyncio.gather(*(recogniser.recognise(word, ("yes", "no")) for _ in again))
    except AgentError as error:
        structlog.get_logger().warning(
            "recogniser does not work: callers have their keys", why=str(error)
        )
