import subprocess
import sys

from ari_app.stores.choose import open_store
from ari_app.stores.memory import MemoryStore
from ari_app.stores.redis import RedisStore
from ari_app.stores.settings import StoreSettings


def test_without_settings_records_stay_in_memory() -> None:
    assert isinstance(open_store(None), MemoryStore)


async def test_with_settings_they_go_to_redis() -> None:
    store = open_store(StoreSettings())
    assert isinstance(store, RedisStore)
    assert not store.healthy
    await store.close()


def test_a_missing_extra_is_named_and_memory_needs_none() -> None:
    program = """
import sys
sys.modules["redis"] = None
from ari_app.errors import ConfigError
from ari_app.stores.choose import open_store
from ari_app.stores.settings import StoreSettings
open_store(None)
try:
    open_store(StoreSettings())
except ConfigError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert done.stdout == (
        "store.kind: redis needs the extra `redis`: pip install 'attendant[redis]'\n"
    ), done.stderr
