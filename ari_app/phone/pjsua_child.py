"""The process around pjsua2: commands as JSON lines on standard input, reports on standard output.

Run as `python pjsua_child.py LIB`, with pjsua2 in LIB. It imports nothing of ours and is imported
by nobody: PJSIP is GPL, and a phone that hangs or crashes takes only this process with it.

Commands are {"do": verb, "ask": number, ...}, reports {"is": kind, ...}. Each command is answered
by done or failed. Audio is base64 of little-endian int16 at 8 kHz; times are monotonic seconds.
"""

import base64
import json
import os
import queue
import re
import sys
import threading
import time
import traceback
from collections import deque
from typing import Any

sys.path.insert(0, sys.argv[1])

import pjsua2 as pj  # type: ignore[import-not-found]  # it is never in our own environment

FRAME_BYTES = 320
"20 ms."
FINAL = (pj.PJSIP_TSX_STATE_COMPLETED, pj.PJSIP_TSX_STATE_TERMINATED)
NO_MEDIA = (pj.PJSUA_CALL_MEDIA_NONE, pj.PJSUA_CALL_MEDIA_ERROR)
SILENCE = pj.ByteVector(bytes(FRAME_BYTES))


class Wire:
    """Standard input and output, which no library may write to."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w", buffering=1)
        os.dup2(2, 1)
        self._lock = threading.Lock()
        self.commands: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def tell(self, kind: str, **facts: Any) -> None:
        """Write one report; callable from every thread."""
        line = json.dumps({"is": kind, **facts})
        with self._lock:
            try:
                self._out.write(line + "\n")
            except BrokenPipeError:  # nobody listens any more: end here, calls and all
                os._exit(1)

    def _read(self) -> None:
        for line in sys.stdin:
            self.commands.put(json.loads(line))
        self.commands.put({"do": "quit", "ask": 0})


class Port(pj.AudioMediaPort):  # type: ignore[misc]  # pjsua2 has no types
    """The phone's microphone and loudspeaker in one call; called by PJSIP's clock."""

    def __init__(self, call: int, wire: Wire) -> None:
        super().__init__()
        self._call, self._wire = call, wire
        self.frames: deque[bytes] = deque()
        self.on = False
        "The call is answered."
        audio = pj.MediaFormatAudio()
        audio.init(pj.PJMEDIA_FORMAT_PCM, 8000, 1, 20000, 16)
        self.createPort(f"port{call}", audio)

    def onFrameRequested(self, frame: Any) -> None:
        playing = bool(self.frames) and self.on
        frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
        frame.size = FRAME_BYTES
        if not playing:
            frame.buf = SILENCE
            return
        samples = self.frames.popleft()
        frame.buf = pj.ByteVector(samples)
        self._tell("sent", samples)
        if not self.frames:
            self._wire.tell("played", call=self._call)

    def onFrameReceived(self, frame: Any) -> None:
        if self.on and frame.type == pj.PJMEDIA_FRAME_TYPE_AUDIO:
            self._tell("heard", bytes(frame.buf))

    def _tell(self, kind: str, samples: bytes) -> None:
        pcm = base64.b64encode(samples).decode()
        self._wire.tell(kind, call=self._call, at=time.monotonic(), pcm=pcm)


class Call(pj.Call):  # type: ignore[misc]
    """One call; its number is the parent's."""

    def __init__(self, number: int, wire: Wire, account: Any, call_id: int = -1) -> None:
        super().__init__(account, call_id)
        self.number, self.wire = number, wire
        self.port = Port(number, wire)
        self.microphone: Any = None

    def tell(self, kind: str, **facts: Any) -> None:
        self.wire.tell(kind, call=self.number, at=time.monotonic(), **facts)

    def onCallState(self, prm: Any) -> None:
        info = self.getInfo()
        if info.state == pj.PJSIP_INV_STATE_EARLY:
            self.tell("ringing")
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            self.port.on = True
            self.tell("answered")
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self.port.on = False
            cause = q850(prm)
            self.tell("ended", status=info.lastStatusCode, reason=info.lastReason, cause=cause)

    def onCallMediaState(self, prm: Any) -> None:
        info = self.getInfo()  # kept: SWIG's items live no longer than what holds them
        for index, media in enumerate(info.media):
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status not in NO_MEDIA:
                self.microphone = self.getAudioMedia(index)
                self.port.startTransmit(self.microphone)
                self.microphone.startTransmit(self.port)

    def onDtmfDigit(self, prm: Any) -> None:
        self.tell("digit", digit=prm.digit)

    def onCallTsxState(self, prm: Any) -> None:
        """A final response to a request of ours within the call."""
        tsx = prm.e.body.tsxState.tsx
        if (
            tsx.role == pj.PJSIP_ROLE_UAC
            and tsx.state in FINAL
            and tsx.statusCode not in (401, 407)
        ):
            self.tell("replied", method=tsx.method, status=tsx.statusCode, reason=tsx.statusText)


def q850(prm: Any) -> int | None:
    """The cause in the Reason header of the message that ended the call."""
    event, state = prm.e, prm.e.body.tsxState
    if event.type != pj.PJSIP_EVENT_TSX_STATE or state.type != pj.PJSIP_EVENT_RX_MSG:
        return None
    message = state.src.rdata.wholeMsg
    found = re.search(r"^Reason:\s*Q\.850\s*;.*?cause\s*=\s*(\d{1,3})", message, re.M | re.I)
    return int(found[1]) if found else None


def with_status(status: int) -> Any:
    prm = pj.CallOpParam()
    prm.statusCode = status
    return prm


class Account(pj.Account):  # type: ignore[misc]
    """Who the phone is."""

    def __init__(self, child: "Child") -> None:
        super().__init__()
        self._child = child

    def onRegState(self, prm: Any) -> None:
        self._child.wire.tell("registered", status=prm.code, reason=prm.reason)

    def onIncomingCall(self, prm: Any) -> None:
        child = self._child
        child.incoming -= 1
        call = child.calls[child.incoming] = Call(child.incoming, child.wire, self, prm.callId)
        call.tell("incoming", caller=call.getInfo().remoteUri)


class Child:
    """The endpoint and its verbs; all of it runs on one thread, but for the audio."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.calls: dict[int, Call] = {}
        self.incoming = 0
        "Incoming calls are numbered -1, -2 ...; the parent numbers its own."
        self._endpoint: Any = pj.Endpoint()
        self._account: Any = None
        self._headers: dict[str, str] = {}
        self._living = True

    def run(self) -> None:
        """Serve until told to quit."""
        while self._living:
            self._endpoint.libHandleEvents(10) if self._account else time.sleep(0.005)
            while not self.wire.commands.empty():
                self._obey(self.wire.commands.get())

    def _obey(self, command: dict[str, Any]) -> None:
        ask, verb = command.pop("ask"), command.pop("do")
        try:
            getattr(self, f"do_{verb}")(**command)
        except pj.Error as error:
            self.wire.tell("failed", ask=ask, why=error.reason or error.title)
        else:
            self.wire.tell("done", ask=ask)

    def do_open(self, **given: Any) -> None:
        self._start(given["host"], given["port"])
        self._headers = given["headers"]
        user, registrar = given["user"], given["registrar"]
        config = pj.AccountConfig()
        name = f'"{given["name"]}" ' if given["name"] else ""
        config.idUri = f"{name}<sip:{user}@{registrar}>"
        config.regConfig.registrarUri, config.regConfig.registerOnAdd = f"sip:{registrar}", False
        credentials = pj.AuthCredInfo("digest", "*", user, 0, given["password"])
        config.sipConfig.authCreds.append(credentials)
        config.mediaConfig.transportConfig.boundAddress = given["host"]
        config.callConfig.timerUse = pj.PJSUA_SIP_TIMER_INACTIVE
        config.mediaConfig.lockCodecEnabled = False
        config.natConfig.contactRewriteUse = 0
        self._account = Account(self)
        self._account.create(config)

    def _start(self, host: str, port: int) -> None:
        endpoint, config = self._endpoint, pj.EpConfig()
        endpoint.libCreate()
        config.uaConfig.threadCnt, config.uaConfig.mainThreadOnly = 0, True
        config.uaConfig.maxCalls = 100
        config.logConfig.level = config.logConfig.consoleLevel = 0
        media = config.medConfig
        media.clockRate = media.sndClockRate = 8000
        media.audioFramePtime = media.ptime = 20
        media.sndAutoCloseTime = -1
        media.ecTailLen, media.noVad, media.hasIoqueue, media.threadCnt = 0, True, True, 1
        endpoint.libInit(config)
        endpoint.audDevManager().setNullDev()
        transport = pj.TransportConfig()
        transport.port, transport.boundAddress = port, host
        endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        endpoint.libStart()
        for codec in endpoint.codecEnum2():
            priority = {"PCMU/8000/1": 255, "PCMA/8000/1": 254}.get(codec.codecId, 0)
            endpoint.codecSetPriority(codec.codecId, priority)

    def do_register(self, on: bool) -> None:
        self._account.setRegistration(on)

    def do_dial(self, call: int, uri: str) -> None:
        self.calls[call] = Call(call, self.wire, self._account)
        prm = pj.CallOpParam(True)
        for name, value in self._headers.items():
            header = pj.SipHeader()
            header.hName, header.hValue = name, value
            prm.txOption.headers.append(header)
        self.calls[call].makeCall(uri, prm)

    def do_answer(self, call: int, status: int) -> None:
        self.calls[call].answer(with_status(status))

    def do_hangup(self, call: int, status: int) -> None:
        self.calls[call].hangup(with_status(status))

    def do_play(self, call: int, pcm: str) -> None:
        samples = base64.b64decode(pcm)
        frames = [samples[i : i + FRAME_BYTES] for i in range(0, len(samples), FRAME_BYTES)]
        self.calls[call].port.frames.extend(frame.ljust(FRAME_BYTES, b"\0") for frame in frames)

    def do_mute(self, call: int, on: bool) -> None:
        """No source, and silence is suppressed: nothing is sent."""
        one = self.calls[call]
        codec = self._endpoint.codecGetParam(one.getStreamInfo(0).codecName + "/8000/1")
        codec.setting.vad = on
        one.audStreamModifyCodecParam(0, codec)
        (one.port.stopTransmit if on else one.port.startTransmit)(one.microphone)

    def do_press(self, call: int, digits: str, milliseconds: int, info: bool) -> None:
        prm = pj.CallSendDtmfParam()
        prm.method = pj.PJSUA_DTMF_METHOD_SIP_INFO if info else pj.PJSUA_DTMF_METHOD_RFC2833
        prm.digits, prm.duration = digits, milliseconds
        self.calls[call].sendDtmf(prm)

    def do_hold(self, call: int, on: bool) -> None:
        prm = pj.CallOpParam(True)
        prm.opt.flag = 0 if on else pj.PJSUA_CALL_UNHOLD
        (self.calls[call].setHold if on else self.calls[call].reinvite)(prm)

    def do_refer(self, call: int, uri: str) -> None:
        self.calls[call].xfer(uri, pj.CallOpParam(True))

    def do_quit(self) -> None:
        """Hang up, and leave the time for it."""
        if self._account is not None:
            self._endpoint.hangupAllCalls()
            self._endpoint.libHandleEvents(50)
        self._living = False


if __name__ == "__main__":
    try:
        Child(Wire()).run()
    finally:
        # with calls up the interpreter's own end may hang in PJSIP's threads
        if failed := sys.exc_info()[0] is not None:
            traceback.print_exc()
        os._exit(failed)
