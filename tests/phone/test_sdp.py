import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.errors import MalformedPacket
from ari_app.phone.sdp import Session, answer, parse

ASTERISK = b"""v=0
o=- 81 83 IN IP4 127.0.0.1
s=Asterisk
c=IN IP4 127.0.0.9
t=0 0
a=sendonly
m=video 0 RTP/AVP 31
m=audio 22716 RTP/AVP 0 8 101
c=IN IP4 127.0.0.1
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=recvonly
m=audio 1 RTP/AVP 3
"""


def test_the_first_audio_stream_is_read_with_its_own_lines() -> None:
    assert parse(ASTERISK) == Session("127.0.0.1", 22716, (0, 8), 101, "recvonly", 83)


@given(
    st.builds(
        Session,
        st.ip_addresses(v=4).map(str),
        st.integers(0, 65535),
        st.lists(st.sampled_from([0, 3, 8, 9]), min_size=1, unique=True).map(tuple),
        st.one_of(st.none(), st.integers(96, 127)),
        st.sampled_from(["sendrecv", "sendonly", "recvonly", "inactive"]),
        st.integers(0, 2**40),
    )
)
def test_a_description_comes_back_as_it_was(session: Session) -> None:
    assert parse(bytes(session)) == session


def test_an_answer_takes_the_first_codec_that_we_speak_and_mirrors_the_direction() -> None:
    offer = Session("192.0.2.1", 4000, (9, 8, 0), 96, "sendonly")
    ours = answer(offer, "127.0.0.1", 5000)
    assert ours == Session("127.0.0.1", 5000, (8,), 96, "recvonly")
    assert answer(Session("192.0.2.1", 4000, (9, 3)), "127.0.0.1", 5000) is None


@given(st.binary(max_size=200))
def test_noise_is_only_ever_malformed(data: bytes) -> None:
    with pytest.raises(MalformedPacket, match="SDP"):
        parse(data)


@given(st.integers(0, len(ASTERISK) - 1), st.integers(0, 255), st.integers(0, len(ASTERISK)))
def test_a_damaged_description_is_read_or_malformed(place: int, value: int, cut: int) -> None:
    damaged = bytearray(ASTERISK)
    damaged[place] = value
    try:
        session = parse(bytes(damaged[:cut]))
    except MalformedPacket:
        return
    assert 0 <= session.port <= 65535
