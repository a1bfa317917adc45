import pytest

from ari_app.phone.port import PhoneError
from tests.support.phones import pair, talking


async def test_a_rejected_call_ends_with_its_status() -> None:
    async with pair() as (alice, bob):
        call = await alice.call("sip:bob@{}:{}".format(*bob.address))
        await (await bob.incoming(1.0)).reject(486)
        with pytest.raises(PhoneError, match="486"):
            await call.answered(1.0)
        assert (await call.ended(1.0)).status == 486


async def test_closing_a_phone_hangs_up() -> None:
    async with pair() as (alice, bob):
        call, _ = await talking(alice, bob)
        await bob.close()
        assert (await call.ended(1.0)).by == "them"


async def test_waiting_has_an_end() -> None:
    async with pair() as (alice, bob):
        call = await alice.call("sip:bob@{}:{}".format(*bob.address))
        with pytest.raises(PhoneError, match=r"not ring within 0.05 s"):
            await call.ringing(0.05)
        with pytest.raises(PhoneError, match="no call came"):
            await alice.incoming(0.01)
        with pytest.raises(PhoneError, match="did not answer within"):
            await alice.register(0.05)
        with pytest.raises(PhoneError, match="calling"):
            await call.press("1")
