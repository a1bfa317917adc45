from pathlib import Path

import pytest

from ari_app.phone import open_phone
from ari_app.phone.port import PhoneError

REGISTRAR = ("127.0.0.1", 9)


async def test_the_minimal_phone_is_used_where_pjsua_was_not_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_phone(user="alice", registrar=REGISTRAR) as phone:
        assert phone.kind == "minimal"


async def test_pjsua_by_name_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PhoneError, match="make phone"):
        async with open_phone("pjsua", user="alice", registrar=REGISTRAR):
            pass
