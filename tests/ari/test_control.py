"""Commands become requests; answers, refusals and silence become outcomes."""

import pytest

from ari_app.ari.line import AriLine
from ari_app.ari.shared import SharedLines
from ari_app.call.commands import (
    Answer,
    ArmDeadman,
    CloseBridge,
    CloseMedia,
    HandBack,
    HangUp,
    Join,
    LineCommand,
    OpenBridge,
    OpenMedia,
    ReadReception,
    Ring,
)
from ari_app.call.events import Done, Refused, Unknown
from ari_app.ports import Line
from tests.support.ari_server import AriServer, Misbehaviour

BOARD = ("127.0.0.1", 24000)
BRIDGE = "attendant.1.x.b1"


def media_of(line: Line) -> str:
    return f"attendant.1.{line.offer.call}.m1"


@pytest.fixture
async def line(server: AriServer, lines: SharedLines) -> Line:
    lines.start()
    await lines.connected.wait()
    await server.call_in()
    found = await anext(aiter(lines.offers()))
    server.requests.clear()
    return found


async def test_each_command_is_one_request(server: AriServer, line: Line) -> None:
    media = media_of(line)
    caller = line.offer.channel
    commands: list[LineCommand] = [
        Ring(),
        ArmDeadman(15),
        Answer(),
        OpenMedia(media, "alaw"),
        OpenBridge(BRIDGE),
        Join(BRIDGE, ("", media)),
        CloseMedia(media),
        CloseBridge(BRIDGE),
        HandBack("attendant-transfer", "1001"),
    ]
    for command in commands:
        assert await line.run(command, board=BOARD) == Done(command)
    on_caller, on_bridge = f"/channels/{caller}", f"/bridges/{BRIDGE}"
    deadman = {"variable": "TIMEOUT(absolute)", "value": "15"}
    opened = {
        "channelId": media,
        "app": "attendant-1",
        "external_host": "127.0.0.1:24000",
        "format": "alaw",
    }
    joined = {"channel": f"{caller},{media}", "inhibitConnectedLineUpdates": "true"}
    place = {"context": "attendant-transfer", "extension": "1001", "priority": "1"}
    asked = [each for each in server.requests if not each[1].startswith("/events/user")]
    assert asked == [
        ("POST", f"{on_caller}/ring", {}),
        ("POST", f"{on_caller}/variable", deadman),
        ("POST", f"{on_caller}/answer", {}),
        ("POST", "/channels/externalMedia", opened),
        ("POST", on_bridge, {"type": "mixing,dtmf_events,proxy_media"}),
        ("POST", f"{on_bridge}/addChannel", joined),
        ("DELETE", f"/channels/{media}", {}),
        ("DELETE", on_bridge, {}),
        ("POST", f"{on_caller}/continue", place),
    ]


async def test_an_open_media_has_an_address(line: Line) -> None:
    media = media_of(line)
    with pytest.raises(KeyError):
        line.remote(media)
    await line.run(OpenMedia(media, "ulaw"), board=BOARD)
    assert line.remote(media) == ("127.0.0.1", 10834)


async def test_media_needs_a_board(line: Line) -> None:
    media = media_of(line)
    with pytest.raises(ValueError, match="board"):
        await line.run(OpenMedia(media, "ulaw"))


async def test_reception_is_a_count(line: Line) -> None:
    assert await line.run(ReadReception()) == Done(ReadReception(), 42)


@pytest.mark.parametrize("command", [CloseMedia("attendant.1.x.m1"), CloseBridge(BRIDGE), HangUp()])
async def test_what_is_gone_already_is_closed(
    server: AriServer, line: Line, command: LineCommand
) -> None:
    server.channels.clear()
    assert await line.run(command) == Done(command)


async def test_a_caller_is_hung_up_while_in_stasis(server: AriServer, line: Line) -> None:
    assert await line.run(HangUp()) == Done(HangUp())
    assert line.offer.channel not in server.channels


async def test_a_bridge_that_is_being_dissolved_is_closed(server: AriServer, line: Line) -> None:
    body = '{"message": "Bridge not in Stasis application"}'
    server.misbehave["DELETE", f"/bridges/{BRIDGE}"] = Misbehaviour(409, body)
    await line.run(OpenBridge(BRIDGE))
    assert await line.run(CloseBridge(BRIDGE)) == Done(CloseBridge(BRIDGE))


async def test_a_caller_who_is_in_the_dialplan_again_is_not_hung_up(
    server: AriServer, line: Line
) -> None:
    server.channels[line.offer.channel]["dialplan"]["app_name"] = "VoiceMail"
    assert await line.run(HangUp()) == Done(HangUp())
    assert not server.asked("DELETE", f"/channels/{line.offer.channel}")


@pytest.mark.parametrize(
    "command",
    [Ring(), Answer(), ArmDeadman(5), HandBack("c", "s"), ReadReception(), Join(BRIDGE, ("",))],
)
async def test_commands_to_a_caller_who_is_gone_are_refused_as_such(
    server: AriServer, line: Line, command: LineCommand
) -> None:
    await line.run(OpenBridge(BRIDGE))
    server.channels.clear()
    assert await line.run(command) == Refused(command, "Channel not found", gone=True)


async def test_a_channel_without_rtp_is_not_gone(server: AriServer, line: Line) -> None:
    path = f"/channels/{line.offer.channel}/rtp_statistics"
    server.misbehave["GET", path] = Misbehaviour(404, '{"message": "RTP info not found"}')
    assert await line.run(ReadReception()) == Refused(ReadReception(), "RTP info not found")


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (422, '{"message": "Channel not in Stasis"}', "Channel not in Stasis"),
        (500, '{"error": "Allocation failed"}', "Allocation failed"),
        (409, "<html>", "no reason given"),
        (302, "", "no reason given"),
    ],
)
async def test_refusals_carry_the_reason(
    server: AriServer, line: Line, status: int, body: str, reason: str
) -> None:
    path = f"/channels/{line.offer.channel}/answer"
    server.misbehave["POST", path] = Misbehaviour(status, body)
    assert await line.run(Answer()) == Refused(Answer(), reason)


@pytest.mark.parametrize("silence", [Misbehaviour(hang=True), Misbehaviour(abort=True)])
async def test_without_an_answer_the_outcome_is_unknown_and_nothing_is_sent_twice(
    server: AriServer, line: Line, silence: Misbehaviour
) -> None:
    media = media_of(line)
    server.misbehave["POST", "/channels/externalMedia"] = silence
    command = OpenMedia(media, "ulaw")
    outcome = await line.run(command, board=BOARD)
    assert isinstance(outcome, Unknown)
    assert outcome.command == command
    assert len(server.asked("POST", "/channels/externalMedia")) == 1
    assert media in server.channels


async def test_a_media_without_an_address_is_unknown(server: AriServer, line: Line) -> None:
    media = media_of(line)
    answer = '{"id": "m", "caller": {}, "connected": {}, "dialplan": {}}'
    server.misbehave["POST", "/channels/externalMedia"] = Misbehaviour(200, answer)
    outcome = await line.run(OpenMedia(media, "ulaw"), board=BOARD)
    assert isinstance(outcome, Unknown)
    assert "UNICASTRTP_LOCAL_ADDRESS" in outcome.reason


async def test_an_unreadable_answer_is_unknown(server: AriServer, line: Line) -> None:
    path = f"/channels/{line.offer.channel}/rtp_statistics"
    server.misbehave["GET", path] = Misbehaviour(200, "<html>")
    assert isinstance(await line.run(ReadReception()), Unknown)


async def test_an_ipv6_board_is_bracketed(server: AriServer, line: Line) -> None:
    media = media_of(line)
    await line.run(OpenMedia(media, "ulaw"), board=("::1", 24000))
    [query] = server.asked("POST", "/channels/externalMedia")
    assert query["external_host"] == "[::1]:24000"


def test_the_shared_line_is_a_line(line: AriLine) -> None:
    as_port: Line = line
    assert as_port.offer.call
