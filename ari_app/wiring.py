"""From settings to rooms: what each part of a worker is made from. Everything here raises
ConfigError before anything is started."""

import ssl
import time
from collections.abc import Callable, Mapping
from datetime import datetime

from ari_app.agents.flow.load import load_flow
from ari_app.agents.flow.model import Flow, flow_phrases
from ari_app.ari.settings import PbxSettings, PoolSettings
from ari_app.board.board import MediaBoard
from ari_app.call.events import Offered
from ari_app.call.ids import Owner
from ari_app.call.record import CallRecord
from ari_app.call.settings import CallSettings, Extension
from ari_app.config import DialplanPlace, Pbx, Secrets, Settings
from ari_app.errors import ConfigError
from ari_app.media.values import MediaStatistics
from ari_app.ports import Brief
from ari_app.speech.cache import SpeechCache
from ari_app.speech.recogniser import GrammarRecogniser
from ari_app.speech.vocabulary import check_phrases
from ari_app.speech.voices import ProgramVoice, find_voice
from ari_app.stores.settings import StoreSettings

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def voice_of(settings: Settings) -> ProgramVoice:
    """The local voice. Raises ConfigError when its program is missing."""
    speech = settings.speech
    cache = SpeechCache(speech.cache)
    return find_voice(speech.engine, speech.voice, folders=speech.programs, cache=cache)


def recogniser_of(settings: Settings) -> GrammarRecogniser | None:
    """The local recogniser. Raises ConfigError when pocketsphinx is not installed."""
    count = settings.speech.recognisers
    return GrammarRecogniser(workers=count) if count else None


def board_of(
    settings: Settings, closed: Callable[[MediaStatistics], None] | None = None
) -> MediaBoard:
    """The media board, not started yet. closed: told how each media was when it is over."""
    board = settings.board
    seen_as = {
        str(named): str(seen) for pbx in settings.pbx for named, seen in pbx.media.map.items()
    }
    return MediaBoard(
        str(board.bind),
        board.port,
        rows=board.rows,
        far_delay=board.far_delay,
        seen_as=seen_as,
        closed=closed,
    )


def pbx_settings(settings: Settings, pbx: Pbx, secrets: Secrets) -> PbxSettings:
    """One PBX with its password. Raises ConfigError when there is none."""
    return PbxSettings(
        url=pbx.url,
        user=pbx.user,
        password=secrets.get(pbx.password_env).get_secret_value(),
        name=pbx.name,
        app=settings.app,
        worker=settings.worker,
        fallback=(pbx.fallback.context, pbx.fallback.extension),
    )


def pool_settings(pbx: Pbx, secrets: Secrets) -> PoolSettings:
    """Where the PBX brings its calls. Raises ConfigError: no password, or a bad certificate."""
    pool, tls = pbx.pool, None
    if pool.certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            tls.load_cert_chain(pool.certificate, pool.key)
        except OSError as error:
            raise ConfigError(
                f"pbx.{pbx.name}.pool.certificate: {pool.certificate}: {error}"
            ) from error
    return PoolSettings(
        password=secrets.get(pool.password_env).get_secret_value(),
        host=str(pool.host),
        port=pool.port,
        networks=tuple(str(network) for network in pool.networks),
        tls=tls,
        # Several workers of this machine share the port: the kernel chooses who gets a call.
        reuse_port=True,
    )


def store_settings(settings: Settings, secrets: Secrets) -> StoreSettings | None:
    """The store of call records; None for memory. Raises ConfigError."""
    store = settings.store
    if store.kind == "memory":
        return None
    passwords = [
        secrets.get(name).get_secret_value() if name else ""
        for name in (store.password_env, store.sentinel_password_env)
    ]
    return StoreSettings(
        url=store.url,
        user=store.user,
        password=passwords[0],
        prefix=store.prefix or f"{settings.app}:",
        ca_file=store.ca_file,
        sentinel_user=store.sentinel_user,
        sentinel_password=passwords[1],
        expiry=store.expiry,
    )


def _check_words(flows: Mapping[str, Flow]) -> None:
    """Raises ConfigError for phrases that the recogniser could never hear."""
    faults = [
        f"profiles.{name}.flow: the recogniser does not know {fault}"
        for name, flow in flows.items()
        for fault in check_phrases(flow_phrases(flow))
    ]
    if faults:
        raise ConfigError("\n".join(faults))


def _extension(place: DialplanPlace) -> Extension:
    return Extension(place.context, place.extension, place.priority)


def flows_of(settings: Settings) -> dict[str, Flow]:
    """The flow of each profile, with words that the recogniser (if there is one) can hear."""
    flows = {
        name: load_flow(profile.flow, frozenset(settings.destinations))
        for name, profile in settings.profiles.items()
    }
    if settings.speech.recognisers:
        _check_words(flows)
    return flows


def call_settings(settings: Settings, pbx: Pbx) -> CallSettings:
    """The bounds of the calls of one PBX."""
    return CallSettings(
        owner=Owner(settings.app, settings.worker),
        fallback=_extension(pbx.fallback),
        destinations={name: _extension(place) for name, place in settings.destinations.items()},
        codec=pbx.media.codec,
        caller_gone=settings.board.caller_gone,
    )


def worker_of(settings: Settings) -> str:
    """Who we are in the records."""
    return f"{settings.app}.{settings.worker}"


def record_of(settings: Settings, pbx: Pbx, offer: Offered) -> CallRecord:
    """The record of a call that begins now."""
    return CallRecord(
        call=offer.call,
        worker=worker_of(settings),
        pbx=pbx.name,
        channel=offer.channel,
        application=f"{settings.app}-{settings.worker}",
        caller=offer.caller,
        called=offer.called,
        arguments=offer.arguments,
        profile=settings.profile_for(offer.called),
        offered=time.time(),
    )


def brief_of(settings: Settings, record: CallRecord) -> Brief:
    """What the agent is told, of a new call and of an adopted one."""
    return Brief(
        call=record.call,
        profile=record.profile,
        caller=record.caller,
        called=record.called,
        language=settings.profiles[record.profile].language,
        history=record.history,
        variables={"weekday": WEEKDAYS[datetime.now().weekday()]},
    )
