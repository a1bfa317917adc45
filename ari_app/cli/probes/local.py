"""What can be tried without a PBX: flows, the voice, the recogniser."""

import time
from collections.abc import Iterator

from ari_app.agents.flow.load import load_flow
from ari_app.agents.flow.model import Flow, flow_phrases
from ari_app.cli.probes import Finding
from ari_app.config import Settings
from ari_app.errors import AgentError, ConfigError
from ari_app.media.values import Audio
from ari_app.speech.cache import SpeechCache
from ari_app.speech.vocabulary import check_phrases
from ari_app.speech.voices import RATE, find_voice
from ari_app.wiring import recogniser_of

SPOKEN = "yes"
PHRASES = ("yes", "no", "opening hours")
"What the recogniser may choose from."


def flows(settings: Settings) -> Iterator[Finding]:
    """One finding for each profile's flow."""
    for name, profile in settings.profiles.items():
        probe = f"flow {name}"
        try:
            flow = load_flow(profile.flow, frozenset(settings.destinations))
        except ConfigError as error:
            yield Finding(probe, "failed", str(error), "Mend the lines named.")
            continue
        unheard = _unheard(flow) if settings.speech.recognisers else []
        if unheard:
            found = f"{profile.flow}: words that the recogniser lacks: {', '.join(unheard)}"
            yield Finding(probe, "failed", found, "Use other words, or several small ones.")
        else:
            yield Finding(probe, "ok", f"{profile.flow}: {len(flow.steps)} steps")


def _unheard(flow: Flow) -> list[str]:
    try:
        return check_phrases(flow_phrases(flow))
    except ConfigError:  # there is no recogniser: its own probe tells
        return []


async def voice(settings: Settings) -> tuple[Finding, Audio | None]:
    """Let the voice speak a word, freshly made; the word, if it could."""
    speech = settings.speech
    language = next(iter(settings.profiles.values())).language
    try:
        found = find_voice(
            speech.engine, speech.voice, folders=speech.programs, cache=SpeechCache()
        )
        began = time.monotonic()
        samples = await found.say(SPOKEN, language)
    except ConfigError as error:
        return Finding("voice", "failed", str(error), _install(speech.engine)), None
    except AgentError as error:
        advice = "Choose another speech.engine, speech.voice or language of the profile."
        return Finding("voice", "failed", str(error), advice), None
    seconds = time.monotonic() - began
    finding = Finding(
        "voice",
        "ok",
        f"{speech.engine} {speech.voice} says {SPOKEN!r} in {1000 * seconds:.0f} ms",
        facts={"speaking_ms": round(1000 * seconds, 1), "language": language},
    )
    return finding, Audio(samples, RATE)


def _install(engine: str) -> str:
    return (
        f"Install it (Debian, Ubuntu: apt install {engine}), or name the folder it is in under "
        "speech.programs."
    )


async def recogniser(settings: Settings, word: Audio | None) -> Finding:
    """Is the word that the voice spoke understood?"""
    if word is None:
        return Finding("recogniser", "skipped", "needs a voice to listen to")
    advice = "Mend that, or set speech.recognisers to 0: then callers have only their keys."
    began = time.monotonic()
    try:
        listening = recogniser_of(settings)
    except ConfigError as error:
        return Finding("recogniser", "failed", str(error), advice)
    if listening is None:
        return Finding("recogniser", "ok", "none is wanted (speech.recognisers is 0): keys only")
    try:
        heard = await listening.recognise(word, PHRASES)
    except AgentError as error:
        return Finding("recogniser", "failed", str(error), advice)
    finally:
        await listening.close()
    seconds = time.monotonic() - began
    facts = {"recognising_ms": round(1000 * seconds, 1), "confidence": round(heard.confidence, 3)}
    if heard.text != SPOKEN:
        return Finding(
            "recogniser",
            "warning",
            f"understood {heard.text or 'nothing'!r} where the voice said {SPOKEN!r}",
            "Callers may be misunderstood, and are then asked to press keys.",
            facts=facts,
        )
    spoken = f"understands {SPOKEN!r} in {1000 * seconds:.0f} ms, its start included"
    return Finding("recogniser", "ok", spoken, facts=facts)
