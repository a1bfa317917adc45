"""Which store it is."""

from ari_app.ports import CallStore
from ari_app.stores.memory import MemoryStore
from ari_app.stores.settings import StoreSettings


def open_store(settings: StoreSettings | None) -> CallStore:
    """Redis with settings, memory without. Raises ConfigError when the extra is missing."""
    if settings is None:
        return MemoryStore()
    from ari_app.stores.redis import RedisStore  # noqa: PLC0415 - it is an extra

    return RedisStore(settings)
