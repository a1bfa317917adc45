"""The contract of stores, kept in memory."""

import pytest

from ari_app.stores.memory import MemoryStore
from tests.stores.contract import Rig, StoreContract


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def rig(self) -> Rig:
        store = MemoryStore()
        return Rig(store, store)
