"""SIP phones for demo, check and tests."""

from ari_app.phone.choose import open_phone
from ari_app.phone.port import Ended, Phone, PhoneCall, PhoneError

__all__ = ["Ended", "Phone", "PhoneCall", "PhoneError", "open_phone"]
