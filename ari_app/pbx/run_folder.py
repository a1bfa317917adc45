"""The folder that a private PBX lives in: its settings, configuration, secrets and data."""

from __future__ import annotations

import json
import math
import resource
import secrets
import wave
from array import array
from dataclasses import asdict, dataclass
from pathlib import Path

from ari_app.errors import ConfigError
from ari_app.pbx import SandboxError
from ari_app.pbx.fragments import fragment_folder, render_folder
from ari_app.pbx.installation import PREFIX, Installation
from ari_app.pbx.values import PbxValues

MAX_FILES = 65536

UNUSED_CONF = (
    *("acl", "ccss", "cdr", "cel", "codecs", "dsp", "features", "manager", "pjproject"),
    *("queuerules", "sorcery", "udptl"),
)
"Files without content, whose absence Asterisk complains about."


@dataclass(frozen=True)
class SandboxSettings:
    """Where a private PBX listens, and what it serves."""

    bind: str = "127.0.0.1"
    "The address of SIP and HTTP."
    sip_port: int = 5060
    "SIP over UDP."
    http_port: int = 8088
    "ARI."
    rtp_start: int = 10000
    rtp_end: int = 11999
    "The UDP ports of media, both included: four for each call."
    app: str = "attendant"
    "The stem of the Stasis applications."
    workers: int = 1
    "How many workers the dialplan tries on shared lines: attendant-1, attendant-2 ..."
    line: str = "shared"
    "Or pooled: Asterisk brings each call to pooled_uri."
    pooled_uri: str = PbxValues.pooled_uri
    "Where the workers of pooled lines listen."
    trunk_match: str = "127.0.0.0/8"
    "Whose calls are let in without registration: an address or a network."
    prefix: str = str(PREFIX)
    "Where Asterisk is unpacked."
    unpacked: bool = False
    "Pass over the host's own Asterisk."

    def __post_init__(self) -> None:
        for name in ("sip_port", "http_port", "rtp_start", "rtp_end"):
            if not 1 <= getattr(self, name) <= 65535:
                raise ConfigError(f"{name}: {getattr(self, name)} is not between 1 and 65535")
        if self.rtp_end - self.rtp_start < 4:
            raise ConfigError(
                f"rtp_end: {self.rtp_end} leaves no room for one call after rtp_start "
                f"{self.rtp_start}"
            )


def read_settings(run_dir: Path) -> SandboxSettings | None:
    """The settings that the PBX in run_dir was started with last, if any."""
    file = run_dir / "sandbox.json"
    if not file.is_file():
        return None
    try:
        return SandboxSettings(**json.loads(file.read_text()))
    except (TypeError, ValueError) as error:
        raise SandboxError(f"{file}: not as this version writes it ({error})") from error


def secret_file(run_dir: Path, name: str) -> Path:
    """The file with one secret: `ari`, `pooled` (what Asterisk shows the workers), `alice`, `bob`
    or `voicemail` (the mailbox's PIN)."""
    return run_dir / "secrets" / name


def write_run_folder(
    run_dir: Path, settings: SandboxSettings, installation: Installation, ari_user: str
) -> None:
    """Write everything that Asterisk reads, with new secrets; recorded messages are kept."""
    run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    for folder in ("lib", "run", "log", "data/agi-bin", "spool/tmp", "spool/recording"):
        (run_dir / folder).mkdir(parents=True, exist_ok=True)
    _write_data(run_dir / "data", installation.data)
    values = _production_values(run_dir, settings, ari_user).placeholders()
    values |= _sandbox_values(run_dir, settings, installation)
    etc = run_dir / "etc"
    render_folder(fragment_folder("asterisk") / "sandbox.d", etc, values)
    render_folder(fragment_folder("asterisk"), etc / "attendant", values)
    render_folder(fragment_folder("dialplan"), etc / "attendant/dialplan", values)
    for name in UNUSED_CONF:
        (etc / f"{name}.conf").touch()
    written = asdict(settings) | {"prefix": str(Path(settings.prefix).resolve())}
    (run_dir / "sandbox.json").write_text(json.dumps(written, indent=1) + "\n")


def _production_values(run_dir: Path, settings: SandboxSettings, ari_user: str) -> PbxValues:
    return PbxValues(
        ari_password=_new_secret(run_dir, "ari"),
        ari_user=ari_user,
        http_bind=settings.bind,
        http_port=settings.http_port,
        app=settings.app,
        workers=settings.workers,
        line=settings.line,
        pooled_uri=settings.pooled_uri,
        pooled_password=_new_secret(run_dir, "pooled"),
        person="PJSIP/alice",
        queue="support",
        internal_context="sandbox-phones",
    )


def _sandbox_values(
    run_dir: Path, settings: SandboxSettings, installation: Installation
) -> dict[str, str]:
    """The placeholders of sandbox.d/ only."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    max_files = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    modules = installation.modules
    pooled = settings.line == "pooled"
    return {
        "POOLED_ARI": "#include attendant/ari_pooled.conf" if pooled else "",
        "POOLED_CLIENT": "#include attendant/websocket_client.conf" if pooled else "",
        "RUN": str(run_dir),
        "MODULES_LINE": f"astmoddir => {modules}" if modules else "",
        "MAX_FILES": str(max_files),
        "BIND": settings.bind,
        "SIP_PORT": str(settings.sip_port),
        "RTP_START": str(settings.rtp_start),
        "RTP_END": str(settings.rtp_end),
        "TRUNK_MATCH": settings.trunk_match,
        "ALICE_SECRET": _new_secret(run_dir, "alice"),
        "BOB_SECRET": _new_secret(run_dir, "bob"),
        "VOICEMAIL_PIN": _new_secret(run_dir, "voicemail", f"{secrets.randbelow(10**6):06}"),
    }


def _new_secret(run_dir: Path, name: str, secret: str | None = None) -> str:
    path = secret_file(run_dir, name)
    path.parent.mkdir(exist_ok=True, mode=0o700)
    path.touch(0o600)
    path.write_text(secret or secrets.token_urlsafe(24))
    return path.read_text()


def _write_data(data: Path, package: Path) -> None:
    """The package's data, linked; and music on hold, without which its module gives up."""
    for name in ("documentation", "rest-api", "static-http", "keys"):
        _link(data / name, package / name)
    (data / "sounds").mkdir(exist_ok=True)
    # the package's own link `en` would be made by its installation script
    for english in sorted((package / "sounds").glob("en*"))[:1]:
        _link(data / "sounds/en", english)
    (data / "moh").mkdir(exist_ok=True)
    write_tone(data / "moh/tone.wav")


def write_tone(path: Path, *, seconds: float = 10.0, frequency: float = 440.0) -> None:
    """A WAV of a sine at 8000 samples a second, 16 bits, at a quarter of full scale."""
    samples = array(
        "h",
        (
            int(8000 * math.sin(2 * math.pi * frequency * i / 8000))
            for i in range(int(seconds * 8000))
        ),
    )
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(samples.tobytes())


def _link(link: Path, target: Path) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(target)
