"""pjsua2 as phone: its process, and what is said to and heard from it."""

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import Any, Literal

from ari_app.phone.pjsua_call import PjsuaCall
from ari_app.phone.port import Account, Address, PhoneError

CHILD = Path(__file__).with_name("pjsua_child.py")
LIB = Path("var/phone/lib")
"Where `make phone` puts pjsua2."
PATIENCE = 5.0
"How long the process may take for a verb, seconds."


def is_built(lib: Path = LIB) -> bool:
    """Has `make phone` been here?"""
    return (lib / "_pjsua2.so").is_file()


class PjsuaPhone:
    """A `Phone` that is another process."""

    kind: Literal["pjsua"] = "pjsua"

    def __init__(self, account: Account) -> None:
        self._account = account
        self._last_words = ""
        "What the process wrote last to its standard error: why it failed, if it did."
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._asked: dict[int, asyncio.Future[None]] = {}
        self._number = 0
        self._dialled = 0
        self._calls: dict[int, PjsuaCall] = {}
        self._incoming: asyncio.Queue[PjsuaCall] = asyncio.Queue()
        self._registration: asyncio.Future[tuple[int, str]] | None = None
        self._registered = False

    @property
    def pid(self) -> int | None:
        """The process, while it is open."""
        return None if self._process is None else self._process.pid

    async def open(self, bind: Address, lib: Path = LIB) -> None:
        """Start the process and its SIP socket. Raises PhoneError."""
        if not is_built(lib):
            raise PhoneError(f"pjsua2 is not in {lib}: run `make phone`")
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(CHILD),
            str(lib),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self._reader = asyncio.create_task(self._read(self._process))
        account = self._account
        await self.ask(
            "open",
            user=account.user,
            password=account.password,
            name=account.name,
            registrar="{}:{}".format(*account.registrar),
            headers=dict(account.headers),
            host=bind[0],
            port=bind[1],
        )

    async def register(self, timeout: float = 5.0) -> None:
        await self._register(True, timeout)
        self._registered = True

    async def call(self, target: str) -> PjsuaCall:
        self._dialled += 1
        number = self._dialled
        call = self._calls[number] = PjsuaCall(number, self)
        await self.ask("dial", call=number, uri=self.uri(target))
        return call

    async def incoming(self, timeout: float = 10.0) -> PjsuaCall:
        try:
            return await asyncio.wait_for(self._incoming.get(), timeout)
        except TimeoutError as error:
            raise PhoneError(f"no call came within {timeout:g} s") from error

    async def close(self) -> None:
        process = self._process
        if process is None:
            return
        if self._registered and process.returncode is None:
            await asyncio.gather(self._register(False, 1.0), return_exceptions=True)
        with contextlib.suppress(PhoneError):
            await self.ask("quit")
        try:
            await asyncio.wait_for(process.wait(), PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()
        if self._reader is not None:
            await self._reader

    async def ask(self, verb: str, **facts: Any) -> None:
        """Let the process do something. Raises PhoneError when it cannot."""
        self._number += 1
        number, future = self._number, asyncio.get_running_loop().create_future()
        self._asked[number] = future
        self.tell(verb, number, **facts)
        try:
            await asyncio.wait_for(future, PATIENCE)
        except TimeoutError as error:
            raise PhoneError(f"pjsua2 did not {verb} within {PATIENCE:g} s") from error
        finally:
            self._asked.pop(number, None)

    def tell(self, verb: str, number: int = 0, **facts: Any) -> None:
        """Say it, and go on."""
        process, reader = self._process, self._reader
        if process is None or process.stdin is None or reader is None or reader.done():
            raise PhoneError(f"pjsua2 has ended: {self._last_words}")
        line = json.dumps({"do": verb, "ask": number, **facts})
        process.stdin.write(line.encode() + b"\n")

    def uri(self, target: str) -> str:
        """An extension of the registrar, unless it is a URI."""
        host, port = self._account.registrar
        return target if target.startswith("sip:") else f"sip:{target}@{host}:{port}"

    async def _register(self, on: bool, timeout: float) -> None:
        self._registration = asyncio.get_running_loop().create_future()
        await self.ask("register", on=on)
        try:
            status, reason = await asyncio.wait_for(self._registration, timeout)
        except TimeoutError as error:
            raise PhoneError(f"the registrar did not answer within {timeout:g} s") from error
        if status >= 300:
            raise PhoneError(f"registration refused: {status} {reason}")

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None, "made with a pipe"
        assert process.stderr is not None, "made with a pipe"
        overhear = asyncio.create_task(self._overhear(process.stderr))
        while line := await process.stdout.readline():
            self._heard(json.loads(line))
        await overhear
        for future in self._asked.values():
            if not future.done():
                future.set_exception(PhoneError(f"pjsua2 has ended: {self._last_words}"))
        for call in self._calls.values():
            call.lost()

    async def _overhear(self, errors: asyncio.StreamReader) -> None:
        while line := await errors.readline():
            self._last_words = line.decode(errors="replace").strip()

    def _heard(self, report: dict[str, Any]) -> None:
        kind = report["is"]
        if kind in ("done", "failed"):
            future = self._asked.get(report["ask"])
            if future is None or future.done():
                return
            why = report.get("why")
            future.set_exception(PhoneError(why)) if why else future.set_result(None)
        elif kind == "registered":
            if self._registration is not None and not self._registration.done():
                self._registration.set_result((report["status"], report["reason"]))
        elif kind == "incoming":
            call = self._calls[report["call"]] = PjsuaCall(report["call"], self)
            call.caller = report["caller"]
            self._incoming.put_nowait(call)
        else:
            self._calls[report["call"]].report(kind, report)
