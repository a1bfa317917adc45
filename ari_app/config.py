"""The settings: one YAML file, and the environment for secrets.

Extra keys are refused; an error names file, line, key, value and what was expected.
"""

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from ari_app.document import Document, Place, read
from ari_app.errors import ConfigError
from ari_app.secrets_file import read_secrets

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=40)]
Seconds = Annotated[float, Field(ge=0)]
EnvName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
Port = Annotated[int, Field(ge=0, le=65535)]


class Section(BaseModel):
    """What all sections share: no unknown keys, no changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DialplanPlace(Section):
    """A place in the dialplan that a caller can be sent to."""

    context: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
    extension: Annotated[str, Field(pattern=r"^[A-Za-z0-9_*#-]+$")]
    priority: Annotated[int, Field(ge=1)] = 1


class Media(Section):
    """How the PBX's RTP and ours meet."""

    codec: Literal["ulaw", "alaw", "slin"] = "ulaw"
    advertise: IPv4Address | None = None
    "The address at which the PBX reaches us, if it is not the one we bind to."
    map: dict[IPv4Address, IPv4Address] = {}
    "Addresses that the PBX names, and the ones we see its packets come from (NAT)."


class Pool(Section):
    """Where Asterisk brings us its calls on pooled lines."""

    host: IPv4Address = IPv4Address("127.0.0.1")
    port: Port = 8090
    networks: list[IPv4Network] = [IPv4Network("127.0.0.0/8")]
    "Where the PBX may come from."
    password_env: EnvName = "ATTENDANT_POOL_PASSWORD"
    "The environment variable (or line of secrets_file) with the password that it shows us."
    certificate: Path | None = None
    "With `key`: TLS."
    key: Path | None = None


class Store(Section):
    """Where the records of live calls are kept."""

    kind: Literal["memory", "redis"] = "memory"
    url: str = "redis://127.0.0.1:6379/0"
    user: str = ""
    password_env: EnvName | None = None
    prefix: str = ""
    "What all keys begin with; `<app>:` if empty."
    ca_file: Path | None = None
    sentinel_user: str = ""
    sentinel_password_env: EnvName | None = None
    expiry: Annotated[float, Field(ge=60)] = 86400.0
    "Seconds after its last change when a record vanishes by itself."


class Pbx(Section):
    """One Asterisk."""

    name: Name = "main"
    url: Annotated[str, Field(pattern=r"^https?://[^/?#@\s]+(/[^?#\s]*)?$")]
    user: str = "attendant"
    password_env: EnvName = "ATTENDANT_ARI_PASSWORD"
    "The environment variable (or line of secrets_file) that holds the ARI password."
    fallback: DialplanPlace = DialplanPlace(context="attendant-fallback", extension="s")
    media: Media = Media()
    line: Literal["shared", "pooled"] = "shared"
    """shared: we dial Asterisk, any version. pooled: Asterisk dials us, once for each call, from
    20.15, 21.10 and 22.5 on; then a call outlives its worker."""
    pool: Pool = Pool()


class BoardSettings(Section):
    """The media board."""

    bind: IPv4Address = IPv4Address("127.0.0.1")
    port: Port = 0
    "0: any free one."
    rows: Annotated[int, Field(ge=2, le=4000)] = 256
    "How many medias at once."
    far_delay: Seconds = 0.06
    "What the far side still holds of what we sent."
    caller_gone: Seconds = 60.0


class Speech(Section):
    """The local voice and the local recogniser."""

    engine: Literal["flite", "espeak-ng"] = "flite"
    voice: str = "slt"
    programs: list[Path] = []
    "Folders to look in for the voice's program, before PATH."
    cache: Path | None = None
    "Where spoken texts are kept; none: in memory only."
    recognisers: Annotated[int, Field(ge=0, le=64)] = 1
    "Worker processes of the recogniser; 0: callers have only their keys."


class Profile(Section):
    """Who answers a call."""

    agent: Literal["scripted"] = "scripted"
    flow: Path
    language: Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")] = "en"
    goodbye: str = "I cannot hear you. Goodbye."
    "Said before hanging up on a caller who never speaks."


class Watch(Section):
    """Where a worker can be asked how it is: /health, /ready, /metrics, /calls; read-only."""

    bind: IPv4Address = IPv4Address("127.0.0.1")
    "There is no password: leave it on loopback, or use a network of your own."
    port: Port = 0
    "Worker 1's, worker 2 has the next one and so on; 0: off."


class Settings(Section):
    """The whole file."""

    app: Name = "attendant"
    "Name of this installation; its Stasis application is <app>-<worker>."
    worker: Annotated[int, Field(ge=1, le=99)] = 1
    pbx: Annotated[list[Pbx], Field(min_length=1)]
    secrets_file: Path | None = None
    store: Store = Store()
    watch: Watch = Watch()
    board: BoardSettings = BoardSettings()
    speech: Speech = Speech()
    profiles: Annotated[dict[Name, Profile], Field(min_length=1)]
    routing: dict[str, Name] = {}
    "Profile by dialled extension; `default` for the others."
    destinations: dict[Name, DialplanPlace] = {}
    "What the conversation may hand a caller to."
    journal: Path | None = None
    "Write every call's story (with what was said) to this file; personal data; off if absent."
    drain: Seconds = 30.0
    "How long live calls may go on after SIGTERM."
    capacity: Annotated[int, Field(ge=0)] = 0
    "How many calls this worker takes at once; 0: half the rows of the board."

    @property
    def most_calls(self) -> int:
        """The capacity."""
        return self.capacity or self.board.rows // 2

    def as_worker(self, number: int) -> "Settings":
        """The same for another worker of this host. A fixed RTP port counts up with the number.

        Raises ConfigError when that is no port any more.
        """
        port = self.board.port and self.board.port + number - self.worker
        if not 0 <= port <= 65535:
            raise ConfigError(f"board.port is {self.board.port}: worker {number} would have {port}")
        board = self.board.model_copy(update={"port": port})
        return self.model_copy(update={"worker": number, "board": board})

    def profile_for(self, called: str) -> str:
        """The profile that answers this extension."""
        return self.routing.get(called) or self.routing.get("default") or next(iter(self.profiles))


class Secrets:
    """Passwords by name: the environment first, then the secrets file."""

    def __init__(self, environ: Mapping[str, str], path: Path | None = None) -> None:
        self._path = path
        self._values = {**(read_secrets(path) if path else {}), **environ}

    def get(self, name: str) -> SecretStr:
        """Raises ConfigError when there is none."""
        value = self._values.get(name)
        if not value:
            place = f" nor in {self._path}" if self._path else ""
            raise ConfigError(f"secret {name} is neither in the environment{place}")
        return SecretStr(value)


def load(path: Path) -> Settings:
    """Read and check the settings. Paths in it count from the file's folder.

    Raises ConfigError naming every fault found.
    """
    document = read(path)
    try:
        settings = Settings.model_validate(document.value)
    except ValidationError as error:
        raise ConfigError("\n".join(_fault(document, one) for one in error.errors())) from error
    _check_references(document, settings)
    return _absolute(settings, path.parent.absolute())


def _fault(document: Document, error: Any) -> str:
    place: Place = tuple(part for part in error["loc"] if part != "[key]")
    key = ".".join(str(part) for part in place) or "the file"
    if error["type"] == "missing":
        return f"{document.where(place)}: {key} is missing"
    if error["type"] == "extra_forbidden":
        return f"{document.where(place)}: {key} is no setting; known here are {_known(place)}"
    message = re.sub(r"^(Input should|String should|Value error,)\s*", "", error["msg"])
    value = error.get("input")
    return f"{document.where(place)}: {key} is {value!r}; it should {message}"


def _known(place: Place) -> str:
    """The keys that are settings where an unknown one stood."""
    section: Any = Settings
    for part in place[:-1]:
        field = getattr(section, "model_fields", {}).get(part)
        section = _innermost(field.annotation if field else section)
    return ", ".join(getattr(section, "model_fields", {"none": None}))


def _innermost(annotation: Any) -> Any:
    """The section inside list[...], dict[..., ...] and Annotated[...]."""
    arguments = getattr(annotation, "__args__", ())
    inner = [one for one in arguments if isinstance(one, type) and issubclass(one, Section)]
    return inner[-1] if inner else annotation


def _check_references(document: Document, settings: Settings) -> None:
    faults = [
        f"{document.where(('routing', called))}: routing.{called} is {name!r}; it should be one "
        f"of the profiles: {', '.join(settings.profiles)}"
        for called, name in settings.routing.items()
        if name not in settings.profiles
    ]
    names = [pbx.name for pbx in settings.pbx]
    faults += [
        f"{document.where(('pbx', index, 'name'))}: pbx.{index}.name {name!r} is taken by an "
        "earlier one; expected a name of its own"
        for index, name in enumerate(names)
        if name in names[:index]
    ]
    if faults:
        raise ConfigError("\n".join(faults))


def _absolute(settings: Settings, folder: Path) -> Settings:
    speech = settings.speech
    return settings.model_copy(
        update={
            "secrets_file": settings.secrets_file and folder / settings.secrets_file,
            "journal": settings.journal and folder / settings.journal,
            "store": settings.store.model_copy(
                update={"ca_file": settings.store.ca_file and folder / settings.store.ca_file}
            ),
            "pbx": [_absolute_pool(pbx, folder) for pbx in settings.pbx],
            "speech": speech.model_copy(
                update={
                    "cache": speech.cache and folder / speech.cache,
                    "programs": [folder / program for program in speech.programs],
                }
            ),
            "profiles": {
                name: profile.model_copy(update={"flow": folder / profile.flow})
                for name, profile in settings.profiles.items()
            },
        }
    )


def _absolute_pool(pbx: Pbx, folder: Path) -> Pbx:
    pool = pbx.pool
    files = {
        "certificate": pool.certificate and folder / pool.certificate,
        "key": pool.key and folder / pool.key,
    }
    return pbx.model_copy(update={"pool": pool.model_copy(update=files)})
