import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.errors import MalformedPacket
from ari_app.phone.sip import Request, Response, address_uri, parameter, parse, split

INVITE = (
    b"INVITE sip:700@192.0.2.4 SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa;rport, SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKb\r\n"
    b'f: "Smith, \\"Bob\\" <b>"\r\n <sip:bob@192.0.2.1;lr>;tag=88\r\n'
    b"t: <sip:700@192.0.2.4>\r\n"
    b"i: a84b4c\r\n"
    b"CSeq: 7  INVITE\r\n"
    b"l: 3\r\n\r\nv=0 and what follows the length"
)

names = st.from_regex(r"X-[A-Za-z0-9]{1,8}", fullmatch=True)
values = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=30).map(
    lambda text: text.strip()
)
REQUIRED = (
    ("Via", "SIP/2.0/UDP h;branch=z9hG4bK1"),
    ("From", "<sip:a@h>;tag=1"),
    ("To", "<sip:b@h>"),
    ("Call-ID", "c"),
)


def test_compact_folded_and_combined_headers_are_read() -> None:
    message = parse(INVITE)
    assert isinstance(message, Request)
    assert (message.method, message.uri) == ("INVITE", "sip:700@192.0.2.4")
    assert message.branch == "z9hG4bKa"
    assert len(message.all("via")) == 2
    assert message.cseq == (7, "INVITE")
    assert message.body == b"v=0"
    caller = message.get("FROM")
    assert address_uri(caller) == "sip:bob@192.0.2.1;lr"
    assert parameter(caller, "tag") == "88"


@given(st.lists(st.tuples(names, values), max_size=6), st.binary(max_size=60))
def test_a_request_comes_back_as_it_was(extra: list[tuple[str, str]], body: bytes) -> None:
    headers = (*REQUIRED, ("CSeq", "1 INFO"), *extra)
    request = Request(headers, body, method="INFO", uri="sip:b@h")
    assert parse(bytes(request)) == request


@given(st.integers(100, 699), values, st.binary(max_size=60))
def test_a_response_comes_back_as_it_was(status: int, reason: str, body: bytes) -> None:
    response = Response((*REQUIRED, ("CSeq", "1 BYE")), body, status=status, reason=reason)
    assert parse(bytes(response)) == response


@given(st.binary(max_size=300))
def test_noise_is_only_ever_malformed(data: bytes) -> None:
    with pytest.raises(MalformedPacket):
        parse(data)


@given(st.data())
def test_a_damaged_message_is_read_or_malformed(data: st.DataObject) -> None:
    damaged = bytearray(INVITE)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(0, len(damaged)))]
    try:
        message = parse(bytes(damaged))
    except MalformedPacket:
        return
    assert message.cseq
    assert message.branch is not None
    address_uri(message.get("From"))


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"l: 3", b"l: 3000"),
        (b"l: 3", b"l: -1"),
        (b"l: 3", "l: ٣".encode()),
        (b"7  INVITE", b"7 BYE"),
        (b"7  INVITE", b"INVITE"),
        (b"i: a84b4c\r\n", b""),
        (b"SIP/2.0\r\nv", b"SIP/3.0\r\nv"),
        (b"t: ", b"t "),
        (b"sip:700@192.0.2.4 ", b""),
    ],
)
def test_what_is_wrong_is_malformed(was: bytes, becomes: bytes) -> None:
    assert was in INVITE
    with pytest.raises(MalformedPacket, match="SIP"):
        parse(INVITE.replace(was, becomes, 1))


def test_commas_in_quotes_and_brackets_do_not_split() -> None:
    assert split('"a, b" <sip:x,y@h>;q=1, <sip:z@h>') == ['"a, b" <sip:x,y@h>;q=1', "<sip:z@h>"]
