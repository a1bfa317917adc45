"""Two minimal phones that call each other over loopback, without a PBX."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ari_app.phone.choose import open_phone
from ari_app.phone.minimal import MinimalPhone
from ari_app.phone.minimal_call import MinimalCall

NOBODY = ("127.0.0.1", 9)
"A registrar that never answers."


@asynccontextmanager
async def pair() -> AsyncIterator[tuple[MinimalPhone, MinimalPhone]]:
    async with (
        open_phone("minimal", user="alice", registrar=NOBODY) as alice,
        open_phone("minimal", user="bob", registrar=NOBODY) as bob,
    ):
        assert isinstance(alice, MinimalPhone)
        assert isinstance(bob, MinimalPhone)
        yield alice, bob


async def talking(alice: MinimalPhone, bob: MinimalPhone) -> tuple[MinimalCall, MinimalCall]:
    host, port = bob.address
    call = await alice.call(f"sip:bob@{host}:{port}")
    incoming = await bob.incoming(1.0)
    assert incoming.caller.startswith("sip:alice@")
    await incoming.ring()
    await call.ringing(1.0)
    await incoming.answer()
    await call.answered(1.0)
    return call, incoming
