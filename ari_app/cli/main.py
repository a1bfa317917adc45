"""The commands and their help. What they do is in the modules beside this one."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ari_app import __version__
from ari_app.cli import calls as calls_command
from ari_app.cli import check as check_command
from ari_app.cli import demo as demo_command
from ari_app.cli import init as init_command
from ari_app.cli import serve as serve_command
from ari_app.cli import testcall as testcall_command
from ari_app.cli import workers as workers_command
from ari_app.config import Secrets
from ari_app.errors import AttendantError, ConfigError
from ari_app.pbx.values import PbxValues
from ari_app.phone.choose import Kind

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="An LLM voice agent for the Asterisk PBX you already run.\n\n"
    "New here? `attendant demo` shows a whole call on a private Asterisk; `attendant init` "
    "writes a configuration for yours; `attendant check` tells what is missing; "
    "`attendant serve` takes the calls.",
)

Config = Annotated[
    Path, typer.Option("--config", "-c", envvar="ATTENDANT_CONFIG", help="The settings.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of a report.")]
DEFAULT_CONFIG = Path("attendant.yaml")


@app.command()
def serve(
    config: Config = DEFAULT_CONFIG,
    worker: Annotated[
        int | None, typer.Option(min=1, max=99, help="Be this worker, not the settings' one.")
    ] = None,
    workers: Annotated[
        str, typer.Option(help="So many workers, from the settings' one on; auto: one each core.")
    ] = "",
) -> None:
    """Take calls until SIGTERM or Ctrl-C; live calls may finish (setting `drain`), then they move.

    With --workers one process starts the others, and starts again what dies; SIGTERM to one of
    them restarts it without the loss of a call, on pooled lines with records in Redis.

    Reads the settings that `attendant init` wrote, and the ARI password from the environment or
    the secrets file. What is wrong in them is told with file and line before anything starts.
    The log goes to standard error, on a terminal for eyes, else one JSON object a line; what
    callers say or press is not in it.
    """
    if not workers:
        return serve_command.run(config, worker)
    if worker is not None:
        raise ConfigError("--worker and --workers: expected one of them")
    serve_command.set_up_logging()
    sys.exit(workers_command.run(config, workers))


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where to; made if it is not there.")] = Path(
        "attendant"
    ),
    agent_extension: Annotated[
        str, typer.Option(help="The number that reaches the agent.")
    ] = "700",
    mailbox: Annotated[str, typer.Option(help="Mailbox of the fallback.")] = "1000@default",
    person: Annotated[str, typer.Option(help="Whom `sales` rings: PJSIP/alice; none if ''.")] = "",
    queue: Annotated[str, typer.Option(help="The queue that `support` joins; none if ''.")] = "",
    internal_context: Annotated[
        str, typer.Option(help="The context in which your phones dial.")
    ] = "from-internal",
    http_bind: Annotated[str, typer.Option(help="Where Asterisk's HTTP listens.")] = "127.0.0.1",
    line: Annotated[
        str, typer.Option(help="shared: we dial Asterisk; pooled: a recent one dials us.")
    ] = "shared",
    http_port: Annotated[int, typer.Option(help="And its port.")] = 8088,
) -> None:
    """Write a commented configuration, the PBX's side of it, and new secrets.

    Nothing is overwritten, and nothing of your PBX is touched: you include what was written, and
    the command tells how.

    \b
      attendant init /etc/attendant --agent-extension 700 --mailbox 1000@default \\
          --person PJSIP/alice --queue support
    """
    values = PbxValues(
        ari_password=init_command.new_password(),
        agent_extension=agent_extension,
        mailbox=mailbox,
        person=person,
        queue=queue,
        internal_context=internal_context,
        line=line,
        http_bind=http_bind,
        http_port=http_port,
    )
    init_command.run(folder, values, Console())


@app.command()
def check(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Try everything that a call needs, and say what to do about what does not work.

    Tried are: the settings (shown as they count, without secrets), the flows, the voice and the
    recogniser; then for each PBX: ARI and its version, its modules, the worker, our dialplan,
    and sound both ways through an echo in it (a second or two; nothing is left behind).
    Works while a worker serves calls. Exit status 1 if anything failed.
    """
    sys.exit(check_command.run(config, os.environ, Console(), as_json=as_json))


@app.command()
def calls(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List the live calls of all workers, the oldest first.

    They are read from the records in the store (setting `store`, of kind redis), so they are
    there even when the worker that had them is not. Shown are call, worker, PBX, phase, profile
    and age; callers' numbers and words are not.
    """
    calls_command.run(config, os.environ, Console(), as_json=as_json)


@app.command("testcall")
def place_call(
    number: Annotated[str, typer.Argument(help="An extension like 700, or a sip: address.")],
    registrar: Annotated[str, typer.Option(help="The PBX's SIP, HOST:PORT (UDP).")],
    user: Annotated[str, typer.Option(help="The PJSIP endpoint to call as.")],
    password_env: Annotated[
        str, typer.Option(help="Register, with the password in this environment variable.")
    ] = "",
    say: Annotated[
        str, typer.Option(help="Say this when the far side has spoken (or after 3 s).")
    ] = "",
    press: Annotated[
        str, typer.Option(help="Press these keys when it has spoken (or after 3 s).")
    ] = "",
    seconds: Annotated[float, typer.Option(min=0.5, help="Hang up so long after the answer.")] = 20,
    phone: Annotated[
        Kind, typer.Option(help="minimal counts packets; pjsua is a full stack (make phone).")
    ] = "minimal",
    wav: Annotated[
        Path | None, typer.Option(help="Write both sides (left: we, right: they) to this WAV.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Call a number with a real SIP phone, and tell what was heard.

    Shows when it rang, was answered and spoke, how loud, and what was lost on the way.
    The password comes from the environment, never from the command line:

    \b
      read -s PHONE; export PHONE
      attendant testcall 700 --registrar pbx:5060 --user 1001 --password-env PHONE --press 1

    The settings are only read for the voice of --say. Exit status 0 if the far side was heard.
    """
    password = Secrets(os.environ).get(password_env).get_secret_value() if password_env else ""
    plan = testcall_command.Plan(number, registrar, user, password, say, press, seconds)
    voice = testcall_command.voice_for(config) if say else None
    sys.exit(testcall_command.run(plan, voice, Console(), kind=phone, wav=wav, as_json=as_json))


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where what it makes is kept.")] = Path("var/demo"),
) -> None:
    """Show a whole call: a SIP phone, a private Asterisk, the agent; and what happens without it.

    The first run unpacks Asterisk into var/ (about 15 s); nothing outside this folder is touched.
    Leaves a stereo recording (left: caller, right: agent) and a picture of each call.
    Exit status 0 if every step worked.
    """
    sys.exit(demo_command.run(folder, Console()))


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """The entry point: an error of ours is one line (or one per fault) and status 1."""
    try:
        app()
    except AttendantError as error:
        Console(stderr=True, highlight=False).print(f"attendant: {error}", markup=False)
        sys.exit(1)
