"""Which phone? pjsua2 where it was built (`make phone`), else the minimal one."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Literal

from ari_app.phone.minimal import MinimalPhone
from ari_app.phone.pjsua import PjsuaPhone, is_built
from ari_app.phone.port import Account, Address, Phone

Kind = Literal["auto", "minimal", "pjsua"]


@asynccontextmanager
async def open_phone(
    kind: Kind = "auto",
    *,
    user: str,
    registrar: Address,
    password: str = "",
    bind: Address = ("127.0.0.1", 0),
    name: str = "",
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[Phone]:
    """A phone; on leaving, its calls are hung up and its registration is taken back."""
    account = Account(user, registrar, password, name, headers or {})
    async with AsyncExitStack() as stack:
        phone: Phone
        if kind == "pjsua" or (kind == "auto" and is_built()):
            phone = PjsuaPhone(account)
            stack.push_async_callback(phone.close)
            await phone.open(bind)
        else:
            phone = MinimalPhone(account, bind)
            stack.push_async_callback(phone.close)
        yield phone
