import pytest

from ari_app.errors import MalformedPacket
from ari_app.phone.digest import Challenge, authorization, parse_challenge, response


def test_the_example_of_rfc_2617() -> None:
    challenge = parse_challenge(
        'Digest realm="testrealm@host.com", qop="auth,auth-int", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    answer = response(
        challenge,
        user="Mufasa",
        password="Circle Of Life",
        method="GET",
        uri="/dir/index.html",
        cnonce="0a4f113b",
    )
    assert answer == "6629fae49393a05397450978507c4ef1"


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616(algorithm: str, expected: str) -> None:
    challenge = Challenge(
        "http-auth@example.org",
        "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        algorithm,
        qop=True,
        opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
    )
    value = authorization(
        challenge,
        user="Mufasa",
        password="Circle of Life",
        method="GET",
        uri="/dir/index.html",
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )
    assert f'response="{expected}"' in value
    assert "Circle" not in value


def test_without_qop_the_older_form_is_used() -> None:
    challenge = parse_challenge('Digest realm="asterisk",nonce="1/2",algorithm=md5')
    assert not challenge.qop
    value = authorization(
        challenge, user="a", password="b", method="REGISTER", uri="sip:h", cnonce="c"
    )
    assert "cnonce" not in value


@pytest.mark.parametrize(
    "value", ["", "Basic realm=x", 'Digest realm="x"', 'Digest nonce="1", algorithm=MD5-sess']
)
def test_a_challenge_that_cannot_be_answered_is_malformed(value: str) -> None:
    with pytest.raises(MalformedPacket, match="challenge"):
        parse_challenge(value)
