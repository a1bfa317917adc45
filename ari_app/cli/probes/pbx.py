"""All that is tried with one PBX, in order; what needs a thing that failed is skipped."""

from collections.abc import AsyncIterator

from ari_app.ari.client import HttpTransport
from ari_app.ari.generated.operations import Operations
from ari_app.board.board import MediaBoard
from ari_app.cli.probes import Finding
from ari_app.cli.probes.audio import advertised_address, judge, send_beeps
from ari_app.cli.probes.control import modules, reach, refused, worker
from ari_app.cli.probes.dialplan import dialplan
from ari_app.cli.probes.trial import ECHO, Trial, trial
from ari_app.config import Pbx, Secrets, Settings
from ari_app.errors import AsteriskError, ConfigError
from ari_app.ports import Address
from ari_app.wiring import board_of, pbx_settings


async def examine(settings: Settings, pbx: Pbx, secrets: Secrets) -> AsyncIterator[Finding]:
    """Findings as they come."""
    try:
        login = pbx_settings(settings, pbx, secrets)
    except ConfigError as error:
        advice = "Set it in the environment, or as a line of secrets_file."
        yield Finding("password", "failed", str(error), advice, pbx.name)
        return
    transport = HttpTransport(login.url, login.user, login.password, timeout=login.timeout)
    ari = Operations(transport)
    try:
        reached = await reach(ari, pbx)
        yield reached
        if reached.state == "failed":
            for probe in ("modules", "worker", "dialplan", "audio"):
                yield Finding(probe, "skipped", "needs ARI", "", pbx.name)
            return
        loaded, running = await modules(ari, pbx)
        yield loaded
        yield await worker(ari, pbx, login.stasis_app)
        if loaded.state == "failed":
            for probe in ("dialplan", "audio"):
                yield Finding(probe, "skipped", "needs these modules", "", pbx.name)
            return
        for finding in await _try_call(ari, settings, pbx, running):
            yield finding
    finally:
        await transport.close()


async def _try_call(
    ari: Operations, settings: Settings, pbx: Pbx, running: frozenset[str]
) -> list[Finding]:
    """The dialplan, then sound through it. Leaves nothing on the PBX, or says what."""
    found: list[Finding] = []
    try:
        board = await _start_board(settings)
    except ConfigError as error:
        advice = "Set board.bind to an address of this machine (ip address shows them)."
        return [Finding("audio", "failed", str(error), advice, pbx.name)]
    made: Trial | None = None
    try:
        async with trial(ari) as made:
            remote = await made.open_media(advertised_address(board, pbx), pbx.media.codec)
            found.append(await dialplan(made, settings, pbx))
            found.append(await _audio(made, board, remote, pbx, running))
    except AsteriskError as error:
        found.append(refused("audio", pbx, error))
    finally:
        await board.close()
    if made is not None and made.left:
        left = "could not delete " + ", ".join(made.left)
        advice = "On Asterisk's console: channel request hangup <channel>, for each of them."
        found.append(Finding("clearing up", "failed", left, advice, pbx.name))
    return found


async def _audio(
    made: Trial, board: MediaBoard, remote: Address, pbx: Pbx, running: frozenset[str]
) -> Finding:
    tells = "func_talkdetect.so" in running
    passage = await send_beeps(made, board, pbx, remote, tells=tells)
    if passage is not None:
        return judge(pbx, passage)
    found = f"{ECHO} does not answer, so nothing could be sent through it"
    advice = "Include our dialplan (see dialplan) and load app_echo.so."
    return Finding("audio", "failed", found, advice, pbx.name)


async def _start_board(settings: Settings) -> MediaBoard:
    """A board as the worker's; on any free port when the worker has its own."""
    board = board_of(settings)
    try:
        await board.start()
    except ConfigError:
        if not settings.board.port:
            raise
        anywhere = settings.board.model_copy(update={"port": 0})
        board = board_of(settings.model_copy(update={"board": anywhere}))
        await board.start()
    return board
