"""One conversation, driven: agent, media and the floor between them."""

from ari_app.dialogue.dialogue import Dialogue

__all__ = ["Dialogue"]
