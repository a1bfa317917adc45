"""One call, driven over a fake line: order, overtaking, and what happens when something breaks."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest

from ari_app.call import commands as c
from ari_app.call import events as e
from ari_app.call.ids import Owner
from ari_app.call.record import CallRecord
from ari_app.call.settings import CallSettings, Extension
from ari_app.call.table import Phase
from ari_app.conversation.values import Utterance
from ari_app.driver import CallDriver, Report
from ari_app.errors import BoardFull
from ari_app.ports import Address, Media
from tests.support.fake_line import FakeLine

SETTINGS = CallSettings(
    owner=Owner("attendant", 1),
    fallback=Extension("attendant-fallback", "s"),
    destinations={"mailbox": Extension("attendant-transfer", "mailbox")},
    lead=0.0,
    retry=0.05,
    give_up=0.2,
)
OFFER = e.Offered(call="k1", channel="1.1", caller="1001", called="700")
FALLBACK = c.HandBack("attendant-fallback", "s")


RECORD = CallRecord(
    call="k1",
    worker="attendant.1",
    pbx="main",
    channel="1.1",
    application="attendant-1",
    caller="1001",
    called="700",
)


class FakeRecords:
    def __init__(self) -> None:
        self.noted: list[CallRecord] = []
        self.forgotten: list[str] = []

    def note(self, record: CallRecord) -> None:
        self.noted.append(record)

    def forget(self, call: str, worker: str) -> None:
        self.forgotten.append(call)


class FakeMedia:
    def __init__(self, name: str) -> None:
        self.id = name
        self.remote: Address | None = None
        self.closed = False

    def connect(self, remote: Address) -> None:
        self.remote = remote

    def close(self) -> None:
        self.closed = True


class FakeBoard:
    def __init__(self) -> None:
        self.medias: list[FakeMedia] = []
        self.full = False

    def open(self, media: str, codec: str) -> Media:
        if self.full:
            raise BoardFull("256 of 256 rows are taken")
        self.medias.append(FakeMedia(media))
        return cast(Media, self.medias[-1])

    async def close(self) -> None: ...


class FakeConversation:
    def __init__(self, report: Report) -> None:
        self.report = report
        self.started: list[str] = []
        self.keys = ""
        self.held: list[bool] = []
        self.stopped = 0
        self.history: tuple[Utterance, ...] = ()

    def prepare(self) -> None:
        self.report(e.AgentReady())

    def start(self, media: Media) -> None:
        self.started.append(media.id)

    def press(self, digit: str, duration: float) -> None:
        self.keys += digit

    def hold(self, held: bool) -> None:
        self.held.append(held)

    async def stop(self) -> None:
        self.stopped += 1


class Stage:
    """A driver with fakes all around it."""

    def __init__(self, record: CallRecord = RECORD, *, adopted: bool = False) -> None:
        self.line = FakeLine(OFFER)
        self.records = FakeRecords()
        self.board = FakeBoard()
        self.entries: list[tuple[str, str]] = []
        self.conversation: FakeConversation | None = None
        self.driver = CallDriver(
            self.line,
            self.board,
            converse=self._converse,
            settings=SETTINGS,
            journal=self,
            address=("127.0.0.1", 4000),
            records=self.records,
            record=record,
            adopted=adopted,
        )
        self.task: asyncio.Task[None] | None = None

    def _converse(self, offer: e.Offered, report: Report) -> FakeConversation:
        self.conversation = FakeConversation(report)
        return self.conversation

    def write(self, call: str, kind: str, at: float, **facts: str | float | bool) -> None:
        self.entries.append((kind, str(facts.get("phase"))))

    def begin(self) -> None:
        self.task = asyncio.create_task(self.driver.run())

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(2):
            while not condition():
                await asyncio.sleep(0.001)

    async def talking(self) -> FakeConversation:
        self.begin()
        await self.until(lambda: self.driver.phase is Phase.TALKING)
        assert self.conversation is not None
        conversation = self.conversation
        await self.until(lambda: bool(conversation.started))
        return conversation

    async def ended(self) -> None:
        assert self.task is not None
        async with asyncio.timeout(2):
            await self.task
        assert self.line.closed
        assert self.conversation is not None
        assert self.conversation.stopped == 1
        assert all(media.closed for media in self.board.medias)


@pytest.fixture
async def stage() -> Stage:
    return Stage()


async def test_a_call_is_answered_talks_and_ends_clean(stage: Stage) -> None:
    conversation = await stage.talking()
    assert conversation.started == ["attendant.1.k1.m2"]
    assert stage.board.medias[0].remote == ("127.0.0.1", 20000)
    stage.line.happen(e.CallerLeft())
    await stage.ended()
    kinds = [type(command) for command in stage.line.commands]
    assert kinds.index(c.Ring) < kinds.index(c.Answer) < kinds.index(c.Join)
    assert set(kinds[-2:]) == {c.CloseMedia, c.CloseBridge}


async def test_keys_and_hold_reach_the_conversation(stage: Stage) -> None:
    conversation = await stage.talking()
    stage.line.happen(e.DigitPressed("7", 0.1))
    stage.line.happen(e.CallerHeld())
    await stage.until(lambda: conversation.held == [True])
    assert conversation.keys == "7"
    stage.line.happen(e.CallerLeft())
    await stage.ended()


async def test_cleaning_up_overtakes_what_was_not_sent_yet(stage: Stage) -> None:
    stage.line.slow[c.Ring] = 0.1
    stage.begin()
    await stage.until(lambda: any(isinstance(one, c.Ring) for one in stage.line.commands))
    stage.line.happen(e.CallerLeft())
    await stage.ended()
    assert not any(isinstance(one, c.OpenMedia | c.OpenBridge) for one in stage.line.commands)


async def test_a_full_board_sends_the_caller_to_the_fallback(stage: Stage) -> None:
    stage.board.full = True
    stage.begin()
    await stage.until(lambda: FALLBACK in stage.line.commands)
    stage.line.happen(e.CallerLeft())
    await stage.ended()
    assert "256 of 256 rows are taken" in stage.driver.outcome


async def test_an_impossible_event_sends_the_caller_to_the_fallback(stage: Stage) -> None:
    await stage.talking()
    stage.driver.tell(e.Done(c.HandBack("x", "y")))
    await stage.until(lambda: FALLBACK in stage.line.commands)
    stage.line.happen(e.CallerLeft())
    await stage.ended()


async def test_a_bug_in_a_shell_sends_the_caller_to_the_fallback(stage: Stage) -> None:
    conversation = await stage.talking()

    def broken(digit: str, duration: float) -> None:
        raise RuntimeError("a bug")

    conversation.press = broken  # type: ignore[method-assign]
    stage.line.happen(e.DigitPressed("7", 0.1))
    await stage.ended()
    assert FALLBACK in stage.line.commands
    assert stage.line.commands.index(c.ArmDeadman(0)) < stage.line.commands.index(FALLBACK)


@pytest.mark.parametrize("slow", [c.Ring, c.OpenMedia, c.OpenBridge, c.Answer, c.Join])
async def test_the_caller_may_hang_up_while_any_command_is_under_way(slow: type) -> None:
    stage = Stage()
    stage.line.slow[slow] = 0.05
    stage.begin()
    await stage.until(lambda: any(isinstance(one, slow) for one in stage.line.commands))
    stage.line.happen(e.CallerHungUp())
    stage.line.happen(e.CallerLeft())
    await stage.ended()
    opened = {one.media for one in stage.line.commands if isinstance(one, c.OpenMedia)}
    closed = {one.media for one in stage.line.commands if isinstance(one, c.CloseMedia)}
    assert opened <= closed


async def test_every_phase_is_in_the_journal(stage: Stage) -> None:
    await stage.talking()
    stage.line.happen(e.CallerLeft())
    await stage.ended()
    phases = [phase for kind, phase in stage.entries if kind == "phase"]
    assert phases == ["preparing", "answering", "talking", "releasing", "ended"]


async def test_the_record_follows_the_call_and_goes_with_it(stage: Stage) -> None:
    conversation = await stage.talking()
    hello = Utterance("agent", "Hello.", 0.2, 1.0)
    conversation.history = (hello,)
    stage.driver.tell(e.TranscriptGrew())
    await stage.until(lambda: stage.records.noted[-1].history == (hello,))
    last = stage.records.noted[-1]
    assert last.phase == "talking"
    assert (last.medias, last.bridges) == (("attendant.1.k1.m2",), ("attendant.1.k1.b1",))
    assert last.made == 2
    stage.line.happen(e.CallerLeft())
    await stage.ended()
    assert stage.records.forgotten == ["k1"]


async def test_an_adopted_call_goes_on_where_its_record_says() -> None:
    medias, bridges = ("attendant.2.k1.m2",), ("attendant.2.k1.b1",)
    record = replace(RECORD, phase="talking", made=2, medias=medias, bridges=bridges)
    stage = Stage(record, adopted=True)
    conversation = await stage.talking()
    assert conversation.started == ["attendant.1.k1.m3"]
    assert c.Join(bridges[0], ("attendant.1.k1.m3",)) in stage.line.commands
    assert not any(isinstance(one, c.Answer | c.OpenBridge) for one in stage.line.commands)
    stage.line.happen(e.CallerLeft())
    await stage.ended()
    assert c.CloseMedia(medias[0]) in stage.line.commands


async def test_a_call_that_somebody_else_took_is_left_alone(stage: Stage) -> None:
    await stage.talking()
    before = list(stage.line.commands)
    stage.driver.tell(e.Disowned())
    await stage.ended()
    assert stage.line.commands == before
