"""Which media carries the call, which is being made, and is all there that joining it needs?"""

from ari_app.call.commands import OpenBridge, OpenMedia
from ari_app.call.events import AgentReady, Done, Event, MediaJoined
from ari_app.call.holdings import Holdings

NEEDED = {"bridge", "agent", "opened", "joined"}


class Medias:
    """The one that is in the bridge, and the one that is to take its place."""

    def __init__(self, holdings: Holdings, codec: str, current: str = "") -> None:
        self.current = current
        "Carries the call; '' before it is answered."
        self.next = ""
        "Is being made; '' if none."
        self._holdings = holdings
        self._codec = codec
        # What carries a call is in a bridge.
        self._there = {"bridge"} if current else set()

    def open(self) -> OpenMedia:
        """Begin to make a new one."""
        self.next = self._holdings.new_media()
        self._there -= {"opened", "joined"}
        return OpenMedia(self.next, self._codec)

    def ready_after(self, event: Event) -> bool:
        """Note what this event says is there; True when the new media can be joined.

        The PBX tells in any order that a media was opened and that it entered Stasis.
        """
        part = self._part(event)
        if part is None:
            return False
        self._there.add(part)
        return self._there >= NEEDED

    def _part(self, event: Event) -> str | None:
        match event:
            case AgentReady():
                return "agent"
            case Done(OpenBridge()):
                return "bridge"
            case Done(OpenMedia(media)) if media == self.next:
                return "opened"
            case MediaJoined(media) if media == self.next:
                return "joined"
            case _:
                return None  # it was replaced meanwhile

    def move_on(self) -> str:
        """The new one is in the bridge; the name of the old one, '' if there was none."""
        old, self.current, self.next = self.current, self.next, ""
        return old
