from ari_app.phone.identity import Identity, response_to
from ari_app.phone.port import Account
from ari_app.phone.sip import address_uri

ACCOUNT = Account("1001", ("192.0.2.1", 5060), "s3cret", name="Alice")
IDENTITY = Identity(ACCOUNT, ("192.0.2.7", 5090), iter("abcdef").__next__)


def test_requests_say_where_the_answer_goes() -> None:
    request = IDENTITY.request("OPTIONS", "sip:h", (("CSeq", "1 OPTIONS"),))
    assert request.get("Via") == "SIP/2.0/UDP 192.0.2.7:5090;rport;branch=z9hG4bKa"
    assert address_uri(IDENTITY.contact) == "sip:1001@192.0.2.7:5090"
    assert IDENTITY.address == '"Alice" <sip:1001@192.0.2.1:5060>'


def test_the_password_is_not_shown() -> None:
    assert "s3cret" not in repr(IDENTITY)


def test_a_response_repeats_what_identifies_its_request() -> None:
    headers = (
        ("Via", "SIP/2.0/UDP a;branch=1"),
        ("Via", "SIP/2.0/UDP b;branch=2"),
        ("From", "<sip:a@h>;tag=1"),
        ("To", "<sip:b@h>"),
        ("Call-ID", "c"),
        ("CSeq", "3 INFO"),
        ("Subject", "not this"),
    )
    request = IDENTITY.request("INFO", "sip:h", headers)
    response = response_to(request, 200, "OK", tag="9")
    assert response.all("Via") == request.all("Via")
    assert response.get("To") == "<sip:b@h>;tag=9"
    assert response.cseq == (3, "INFO")
    assert response.get("Subject") == ""
