import random
from collections.abc import Sequence
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.phone.digest import parse_challenge, response
from ari_app.phone.identity import response_to
from ari_app.phone.sip import Message, Request, Response, parameter, parse
from ari_app.phone.transaction import Transmit
from ari_app.phone.useragent import Registered, UserAgent
from tests.support.sip_network import ALICE, BOB, Network, agent

CHALLENGE = 'Digest realm="asterisk",nonce="17/a",opaque="o",algorithm=MD5,qop="auth"'


def sent(outputs: Sequence[object]) -> list[Message]:
    return [output.message for output in outputs if isinstance(output, Transmit)]


def receive(one: UserAgent, message: Message, now: float = 0.0) -> tuple[object, ...]:
    assert isinstance(message, Request | Response)
    return one.receive(bytes(message), BOB, now)


def request(method: str, call_id: str = "c1", body: bytes = b"", to: str = "<sip:a@h>") -> Request:
    headers = (
        ("Via", f"SIP/2.0/UDP 127.0.0.1:5062;branch=z9hG4bK{method}{call_id}"),
        ("From", "<sip:b@h>;tag=f1"),
        ("To", to),
        ("Call-ID", call_id),
        ("CSeq", f"1 {method}"),
        ("Contact", "<sip:b@127.0.0.1:5062>"),
    )
    return Request(headers, body, method=method, uri="sip:a@h")


def test_registering_answers_the_challenge_with_the_digest() -> None:
    one = agent(ALICE, BOB, password="s3cret")
    (first,) = sent(one.register(0.0))
    assert isinstance(first, Request)
    challenged = response_to(first, 401, "Unauthorized", ("WWW-Authenticate", CHALLENGE))
    (second,) = sent(receive(one, challenged))
    assert isinstance(second, Request)
    assert second.cseq == (2, "REGISTER")
    assert second.branch != first.branch
    value = second.get("Authorization")
    expected = response(
        parse_challenge(CHALLENGE),
        user="somebody",
        password="s3cret",
        method="REGISTER",
        uri=second.uri,
        cnonce=parameter(value.replace(",", ";").replace('"', ""), "cnonce"),
    )
    assert f'response="{expected}"' in value
    assert "s3cret" not in str(second)
    assert receive(one, response_to(second, 200, "OK")) == (Registered(200, "OK"),)


def test_a_wrong_password_is_told_and_not_tried_again() -> None:
    one = agent(ALICE, BOB, password="wrong")
    (first,) = sent(one.register(0.0))
    assert isinstance(first, Request)
    challenge = ("WWW-Authenticate", CHALLENGE)
    (second,) = sent(receive(one, response_to(first, 401, "Unauthorized", challenge)))
    assert isinstance(second, Request)
    refused = receive(one, response_to(second, 401, "Unauthorized", challenge))
    assert refused == (Registered(401, "Unauthorized"),)


def test_without_a_password_a_challenge_is_final() -> None:
    one = agent(ALICE, BOB)
    (first,) = sent(one.register(0.0))
    assert isinstance(first, Request)
    refused = response_to(first, 401, "Unauthorized", ("WWW-Authenticate", CHALLENGE))
    assert receive(one, refused) == (Registered(401, "Unauthorized"),)


def test_requests_outside_of_calls_are_answered() -> None:
    one = agent(ALICE, BOB)
    for method, status in [("OPTIONS", 200), ("BYE", 481), ("NOTIFY", 200), ("PUBLISH", 405)]:
        (answer,) = sent(receive(one, request(method)))
        assert isinstance(answer, Response)
        assert (answer.status, answer.cseq) == (status, (1, method))
        assert parameter(answer.get("To"), "tag")


def test_a_call_without_a_stream_that_we_understand_is_refused() -> None:
    one = agent(ALICE, BOB)
    (answer,) = sent(receive(one, request("INVITE", body=b"v=0\r\nm=video 1 RTP/AVP 31\r\n")))
    assert isinstance(answer, Response)
    assert answer.status == 488


def test_a_repeated_request_gets_the_same_answer_again() -> None:
    one = agent(ALICE, BOB)
    first = sent(receive(one, request("OPTIONS")))
    assert sent(receive(one, request("OPTIONS"), now=1.0)) == first


@given(st.binary(max_size=80))
def test_noise_is_counted_and_dropped(noise: bytes) -> None:
    one = agent(ALICE, BOB)
    assert one.receive(noise, BOB, 0.0) == ()
    assert one.malformed == (1 if noise.strip(b"\r\n\0") else 0)


@pytest.mark.parametrize("seed", range(100))
def test_calls_on_a_wire_that_damages_messages_end_without_an_error(seed: int) -> None:
    network = Network(damages=partial(damaged, random.Random(seed)))
    call = network.call()
    network.pass_time(0.5)
    for answer in network.called:
        if answer.state == "calling":
            network.run(BOB, answer, answer.answer())
    network.pass_time(0.5)
    network.run(ALICE, call, call.inform("application/dtmf-relay", b"Signal=1"))
    network.run(ALICE, call, call.hang_up())
    network.pass_time(250)
    assert call.state == "ended"


def damaged(rng: random.Random, data: bytes) -> bytes:
    """Every second datagram, in up to four places: a byte changed, some removed or put in."""
    changed = bytearray(data)
    for _ in range(rng.choice([0, 0, 0, 1, 2, 4])):
        place = rng.randrange(len(changed))
        removed = rng.choice([0, 1, 1, 20])
        changed[place : place + removed] = bytes(rng.choices(b';<>",:=@ \r\n0a\xff', k=2))
    return bytes(changed)


def test_messages_on_the_wire_can_be_read() -> None:
    network = Network()
    call, _ = network.established()
    message = parse(bytes(call.dialog.request("INFO")))
    assert message.get("Max-Forwards") == "70"
