"""`attendant init`: a commented configuration, the PBX's side of it, and secrets."""

import secrets
from pathlib import Path

from rich.console import Console

from ari_app import agents
from ari_app.cli.units import units
from ari_app.errors import ConfigError
from ari_app.pbx.fragments import fragment_folder, render, render_folder
from ari_app.pbx.values import PbxValues

EXAMPLES = Path(agents.__file__).with_name("examples")
TEMPLATE = Path(__file__).with_name("attendant.yaml")


def run(folder: Path, values: PbxValues, console: Console) -> list[Path]:
    """Write everything into the folder; the files written.

    Raises ConfigError, having written nothing, when one of them is there already.
    """
    placeholders = values.placeholders() | {"LINE": values.line}
    texts = {folder / "attendant.yaml": render(TEMPLATE.read_text(), placeholders, name="init")}
    texts |= {folder / path.name: path.read_text() for path in sorted(EXAMPLES.glob("*.yaml"))}
    texts |= {folder / "systemd" / name: text for name, text in units(folder).items()}
    secret = folder / "secrets.env"
    there = [path for path in (*texts, secret, folder / "asterisk") if path.exists()]
    if there:
        raise ConfigError(f"{there[0]} is there already; expected a folder without one")
    for needed in (folder / "systemd", folder / "cache"):
        needed.mkdir(parents=True, exist_ok=True)
    secret.touch(0o600)
    secret.write_text(
        f"ATTENDANT_ARI_PASSWORD={values.ari_password}\n"
        f"ATTENDANT_POOL_PASSWORD={values.pooled_password}\n"
    )
    for path, text in texts.items():
        path.write_text(text)
    pbx = folder / "asterisk"
    written = render_folder(fragment_folder("asterisk"), pbx, placeholders)
    dialplan = fragment_folder("dialplan")
    written += render_folder(dialplan, pbx / "dialplan", placeholders, mode=0o644)
    _explain(folder, console)
    if not (values.person and values.queue):
        console.print(NOBODY, highlight=False, soft_wrap=True)
    if values.line == "pooled":
        console.print(POOLED, highlight=False, soft_wrap=True)
    return [*texts, secret, *written]


NOBODY = """The example's sales ring --person, and its support joins --queue. What was not given
goes to the mailbox: name them, or take those choices out of front-desk.yaml.
"""
POOLED = """For pooled lines (Asterisk 20.15, 21.10, 22.5 or newer) two more lines in step 2:
       ari.conf               #include attendant/ari_pooled.conf
       websocket_client.conf  #include attendant/websocket_client.conf
  and in step 4: module reload res_websocket_client.so before res_ari.so. A call outlives its worker
  only with its record in Redis: see `store` in the settings.
"""


def new_password() -> str:
    """What no default could be."""
    return secrets.token_urlsafe(24)


def _explain(folder: Path, console: Console) -> None:
    console.print(
        f"""Written to {folder}. To take it into your Asterisk:

  1. Copy its side, and give it to the user that Asterisk runs as (here: asterisk), before step 2:
     a file that Asterisk is told to include and cannot read stops its whole dialplan from loading.
       [bold]cp -r {folder}/asterisk /etc/asterisk/attendant[/]
       [bold]chown -R asterisk: /etc/asterisk/attendant[/]
  2. Add one line to the end of each of these files of yours:
       ari.conf         #include attendant/ari.conf
       extensions.conf  #include attendant/dialplan/attendant.conf
     On FreePBX: ari_additional_custom.conf and extensions_custom.conf.
     http.conf and modules.conf only if ARI or a module is off; the files say how to tell.
  3. In the context that your phones or trunks arrive in: [bold]include => attendant-routing[/]
  4. In Asterisk's console: [bold]module reload res_ari.so[/] and [bold]dialplan reload[/]
  5. [bold]attendant check -c {folder}/attendant.yaml[/]
     [bold]attendant serve -c {folder}/attendant.yaml[/]
     for good as a service: {folder}/systemd has units for systemd, and they say how.
""",
        highlight=False,
        soft_wrap=True,
    )
