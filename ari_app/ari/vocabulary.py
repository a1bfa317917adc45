"""ari-py's way of speaking ARI, asynchronous: for those who know it, and for their programs.

    client = connect("http://127.0.0.1:8088/", "attendant", password)
    client.on_channel_event("StasisStart", greet)     # async def greet(objects, event): …
    await client.run(apps="hello")          # await objects["channel"].answer() and so on

Names, arguments and the order of a callback's arguments are ari-py's. Different are: operations
are awaited, callbacks may be coroutine functions, an event is a typed value instead of a dict,
and a callback's exception ends `run` instead of being logged. Calls are carried by `SharedLines`,
which is typed and reconnects.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, ClassVar

from ari_app.ari.client import HttpTransport
from ari_app.ari.generated import models
from ari_app.ari.generated.events import EVENTS, Message
from ari_app.ari.generated.operations import Operations
from ari_app.ari.messages import parse_message

Callback = Callable[..., Any]


def connect(base_url: str, username: str, password: str) -> "Client":
    """Nothing is sent yet."""
    return Client(HttpTransport(base_url, username, password))


class Client:
    """All of one Asterisk's ARI: `client.channels`, `client.bridges`, …, and its events."""

    def __init__(self, transport: HttpTransport) -> None:
        self._transport = transport
        self._listeners: dict[str, list[Callback]] = {}
        self.repositories = {
            name: Repository(self, name, operations)
            for name, operations in vars(Operations(transport)).items()
        }

    def __getattr__(self, item: str) -> "Repository":
        repository = self.get_repo(item) if item != "repositories" else None
        if repository is None:
            raise AttributeError(f"ARI has no resource {item!r}")
        return repository

    def get_repo(self, name: str) -> "Repository | None":
        return self.repositories.get(name)

    async def close(self) -> None:
        await self._transport.close()

    async def run(self, apps: str | list[str]) -> None:
        """Call back for each event, until the websocket ends. Raises AsteriskError,
        MalformedPacket, and whatever a callback raises."""
        async with Operations(self._transport).events.eventWebsocket(app=apps) as messages:
            async for raw in messages:
                event = parse_message(raw)
                for listener in tuple(self._listeners.get(event.type, ())):
                    result = listener(event)
                    if inspect.isawaitable(result):
                        await result

    def on_event(
        self, event_type: str, event_cb: Callback, *args: Any, **kwargs: Any
    ) -> "Subscription":
        """Call event_cb(event, *args, **kwargs) for each event of the type."""

        def listener(event: Message) -> Any:
            return event_cb(event, *args, **kwargs)

        listeners = self._listeners.setdefault(event_type, [])
        listeners.append(listener)
        return Subscription(listeners, listener)

    def on_object_event(
        self,
        event_type: str,
        event_cb: Callback,
        factory_fn: Callable[["Client", Any], Any],
        model_id: str,
        *args: Any,
        **kwargs: Any,
    ) -> "Subscription":
        """Call event_cb(object, event, …) with the event's object of this model, or a dict of
        them by field where the type has several. Raises ValueError when it can have none."""
        names = _fields_of(event_type, model_id)

        def listener(event: Message) -> Any:
            found = {n: getattr(event, n) for n in names if getattr(event, n) is not None}
            objects = {name: factory_fn(self, model) for name, model in found.items()}
            given = objects if len(names) > 1 else next(iter(objects.values()), None)
            return event_cb(given, event, *args, **kwargs)

        return self.on_event(event_type, listener)

    def on_channel_event(self, event_type: str, fn: Callback, *a: Any, **k: Any) -> "Subscription":
        return self.on_object_event(event_type, fn, Channel, "Channel", *a, **k)

    def on_bridge_event(self, event_type: str, fn: Callback, *a: Any, **k: Any) -> "Subscription":
        return self.on_object_event(event_type, fn, Bridge, "Bridge", *a, **k)

    def on_playback_event(self, event_type: str, fn: Callback, *a: Any, **k: Any) -> "Subscription":
        return self.on_object_event(event_type, fn, Playback, "Playback", *a, **k)

    def on_live_recording_event(
        self, event_type: str, fn: Callback, *a: Any, **k: Any
    ) -> "Subscription":
        return self.on_object_event(event_type, fn, LiveRecording, "LiveRecording", *a, **k)

    def on_stored_recording_event(
        self, event_type: str, fn: Callback, *a: Any, **k: Any
    ) -> "Subscription":
        return self.on_object_event(event_type, fn, StoredRecording, "StoredRecording", *a, **k)

    def on_endpoint_event(self, event_type: str, fn: Callback, *a: Any, **k: Any) -> "Subscription":
        return self.on_object_event(event_type, fn, Endpoint, "Endpoint", *a, **k)

    def on_device_state_event(
        self, event_type: str, fn: Callback, *a: Any, **k: Any
    ) -> "Subscription":
        return self.on_object_event(event_type, fn, DeviceState, "DeviceState", *a, **k)

    def on_sound_event(self, event_type: str, fn: Callback, *a: Any, **k: Any) -> "Subscription":
        return self.on_object_event(event_type, fn, Sound, "Sound", *a, **k)


class Subscription:
    """What `on_event` returns: `close()` ends it."""

    def __init__(self, listeners: list[Callback], listener: Callback) -> None:
        self._listeners, self._listener = listeners, listener

    def close(self) -> None:
        if self._listener in self._listeners:
            self._listeners.remove(self._listener)


class Repository:
    """One namespace, whose operations return first-class objects."""

    def __init__(self, client: Client, name: str, operations: Any) -> None:
        self.client, self.name, self.api = client, name, operations

    def __getattr__(self, item: str) -> Callable[..., Any]:
        operation = getattr(self.api, item)

        async def call(**arguments: Any) -> Any:
            return _promoted(self.client, await operation(**arguments))

        return call


class FirstClass:
    """A thing of Asterisk's with the operations that are about it: its id is filled in."""

    namespace: ClassVar[str]
    argument: ClassVar[str]
    "Which argument of the operations names it."
    id_field: ClassVar[str] = "id"

    def __init__(self, client: Client, model: Any) -> None:
        self.client, self.model = client, model
        self.id: str = getattr(model, self.id_field)

    def _names(self) -> Mapping[str, str]:
        return {self.argument: self.id}

    def __getattr__(self, item: str) -> Callable[..., Any]:
        operation = getattr(self.client.repositories[self.namespace], item)

        async def call(**arguments: Any) -> Any:
            return await operation(**self._names(), **arguments)

        return call

    def on_event(self, event_type: str, fn: Callback, *args: Any, **kwargs: Any) -> Subscription:
        """As the client's on_…_event, for events about this very object only."""

        def listener(found: Any, event: Message) -> Any:
            objects = found.values() if isinstance(found, dict) else [found]
            if any(each is not None and each.id == self.id for each in objects):
                return fn(found, event, *args, **kwargs)
            return None

        kind = type(self)
        return self.client.on_object_event(event_type, listener, kind, kind.__name__)


class Channel(FirstClass):
    namespace, argument = "channels", "channelId"


class Bridge(FirstClass):
    namespace, argument = "bridges", "bridgeId"


class Playback(FirstClass):
    namespace, argument = "playbacks", "playbackId"


class LiveRecording(FirstClass):
    namespace, argument, id_field = "recordings", "recordingName", "name"


class StoredRecording(FirstClass):
    namespace, argument, id_field = "recordings", "recordingName", "name"


class Endpoint(FirstClass):
    namespace, argument, id_field = "endpoints", "tech", "technology"

    def __init__(self, client: Client, model: models.Endpoint) -> None:
        super().__init__(client, model)
        self.id = f"{model.technology}/{model.resource}"

    def _names(self) -> Mapping[str, str]:
        return {"tech": self.model.technology, "resource": self.model.resource}


class DeviceState(FirstClass):
    namespace, argument, id_field = "deviceStates", "deviceName", "name"


class Sound(FirstClass):
    namespace, argument = "sounds", "soundId"


class Mailbox(FirstClass):
    namespace, argument, id_field = "mailboxes", "mailboxName", "name"


_KINDS: dict[type, type[FirstClass]] = {
    getattr(models, kind.__name__): kind
    for kind in (Bridge, Channel, Endpoint, Playback, LiveRecording, StoredRecording, Mailbox,
                 DeviceState, Sound)
}  # fmt: skip


def _promoted(client: Client, result: Any) -> Any:
    if isinstance(result, tuple):
        return [_promoted(client, each) for each in result]
    kind = _KINDS.get(type(result))
    return result if kind is None else kind(client, result)


def _fields_of(event_type: str, model_id: str) -> list[str]:
    parse = EVENTS.get(event_type)
    if parse is None:
        raise ValueError(f"ARI has no event {event_type!r}")
    event: Any = getattr(parse, "__self__")  # noqa: B009 - the class of its parse
    names = [f.name for f in fields(event) if f.type in (model_id, f"{model_id} | None")]
    if not names:
        raise ValueError(f"{event_type} has no {model_id}")
    return names
