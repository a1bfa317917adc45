"""The minimal phone: the sockets and timers around `useragent`, `talk` and `hear`."""

import asyncio
import secrets
import socket
from typing import Literal

from ari_app.phone import sdp
from ari_app.phone.identity import Identity
from ari_app.phone.minimal_call import MinimalCall
from ari_app.phone.port import Account, Address, PhoneError
from ari_app.phone.signalling import Signalling
from ari_app.phone.signals import Effect
from ari_app.phone.sip import address_uri
from ari_app.phone.transaction import Transmit
from ari_app.phone.udp import Socket
from ari_app.phone.useragent import Called, Happened, Output, Registered, UserAgent


class MinimalPhone:
    """A `Phone` on one SIP socket, with one RTP socket for each call."""

    kind: Literal["minimal"] = "minimal"

    def __init__(self, account: Account, bind: Address, formats: tuple[int, ...] = (0, 8)) -> None:
        """Must be made on the running loop. Raises OSError when the address is taken."""
        self._loop = asyncio.get_running_loop()
        self._socket = Socket(bind, self._received)
        self._formats = formats
        identity = Identity(account, self._socket.address, lambda: secrets.token_hex(8))
        self.agent = UserAgent(identity)
        self.calls: dict[str, MinimalCall] = {}
        self._incoming: asyncio.Queue[MinimalCall] = asyncio.Queue()
        self._registration: asyncio.Future[Registered] | None = None
        self._registered = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def address(self) -> Address:
        """Where the SIP socket is bound."""
        return self._socket.address

    async def register(self, timeout: float = 5.0) -> None:
        await self._register(timeout)
        self._registered = True

    async def call(self, target: str) -> MinimalCall:
        account = self.agent.identity.account
        host, port = account.registrar
        uri = target if target.startswith("sip:") else f"sip:{target}@{host}:{port}"
        peer = await self._resolve(uri) if target.startswith("sip:") else account.registrar
        call = MinimalCall(self.run, self.address[0])
        signalling = self.agent.dial(uri, peer, call.media_address, self._formats)
        self._adopt(call, signalling)
        self.run(signalling, signalling.call())
        return call

    async def incoming(self, timeout: float = 10.0) -> MinimalCall:
        try:
            return await asyncio.wait_for(self._incoming.get(), timeout)
        except TimeoutError as error:
            raise PhoneError(f"no call came within {timeout:g} s") from error

    async def close(self) -> None:
        living = [call for call in self.calls.values() if call.state != "ended"]
        await asyncio.gather(*(call.hang_up() for call in living), return_exceptions=True)
        if self._registered:
            await asyncio.gather(self._register(1.0, expires=0), return_exceptions=True)
        if self._timer is not None:
            self._timer.cancel()
        for call in self.calls.values():
            call.close()
        self._socket.close()

    def run(self, signalling: Signalling, effects: tuple[Effect, ...]) -> None:
        """Carry out what a verb of a call asks for."""
        now = self._loop.time()
        self._apply(self.agent.run(signalling, effects, now), now)

    async def _register(self, timeout: float, expires: int = 300) -> None:
        self._registration = self._loop.create_future()
        now = self._loop.time()
        self._apply(self.agent.register(now, expires), now)
        try:
            registered = await asyncio.wait_for(self._registration, timeout)
        except TimeoutError as error:
            raise PhoneError(f"the registrar did not answer within {timeout:g} s") from error
        if registered.status >= 300:
            raise PhoneError(f"registration refused: {registered.status} {registered.reason}")

    async def _resolve(self, uri: str) -> Address:
        host, _, port = uri.rpartition("@")[2].split(";")[0].removeprefix("sip:").partition(":")
        found = await self._loop.getaddrinfo(host, int(port or 5060), family=socket.AF_INET)
        return str(found[0][4][0]), int(found[0][4][1])

    def _received(self, data: bytes, peer: Address, at: float) -> None:
        self._apply(self.agent.receive(data, peer, at), at)

    def _tick(self) -> None:
        now = self._loop.time()
        self._apply(self.agent.tick(now), now)

    def _apply(self, outputs: tuple[Output, ...], now: float) -> None:
        for output in outputs:
            if isinstance(output, Transmit):
                self._socket.send(bytes(output.message), output.peer)
            elif isinstance(output, Happened):
                self.calls[output.call_id].report(output.report, now)
            elif isinstance(output, Called):
                self._called(self.agent.calls[output.call_id])
            elif self._registration is not None and not self._registration.done():
                self._registration.set_result(output)
        self._rearm()

    def _rearm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        deadline = self.agent.deadline()
        self._timer = None if deadline is None else self._loop.call_at(deadline, self._tick)

    def _called(self, signalling: Signalling) -> None:
        """Describe our side of the stream that the caller offers; without a codec, refuse."""
        call = MinimalCall(self.run, self.address[0])
        call.caller = address_uri(signalling.dialog.remote)
        self._adopt(call, signalling)
        answer = sdp.answer(signalling.session, *call.media_address)
        if answer is None:
            self.run(signalling, signalling.reject(488))
            return
        signalling.session = answer
        self._incoming.put_nowait(call)

    def _adopt(self, call: MinimalCall, signalling: Signalling) -> None:
        call.signalling = signalling
        self.calls[signalling.dialog.call_id] = call
