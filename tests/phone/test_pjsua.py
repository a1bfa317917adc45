import sys
from pathlib import Path

import pytest

from ari_app.phone import pjsua
from ari_app.phone.port import Account, PhoneError

ACCOUNT = Account("alice", ("127.0.0.1", 9), "s3cret")

CHILD = """
import json, sys
for line in sys.stdin:
    command = json.loads(line)
    if command["do"] == "dial":
        print(json.dumps({"is": "failed", "ask": command["ask"], "why": "Invalid URI"}), flush=True)
    elif command["do"] == "register":
        print(json.dumps({"is": "done", "ask": command["ask"]}))
        print(json.dumps({"is": "registered", "status": 403, "reason": "Forbidden"}), flush=True)
    elif command["do"] == "crash":
        sys.exit("Segmentation fault")
    else:
        print(json.dumps({"is": "done", "ask": command["ask"]}), flush=True)
    if command["do"] == "quit":
        break
"""


@pytest.fixture
def lib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks built, and a child that only follows the protocol."""
    (tmp_path / "_pjsua2.so").touch()
    (tmp_path / "child.py").write_text(CHILD)
    monkeypatch.setattr(pjsua, "CHILD", tmp_path / "child.py")
    return tmp_path


async def test_what_pjsua2_refuses_is_told(lib: Path) -> None:
    phone = pjsua.PjsuaPhone(ACCOUNT)
    await phone.open(("127.0.0.1", 0), lib)
    with pytest.raises(PhoneError, match="Invalid URI"):
        await phone.call("600")
    with pytest.raises(PhoneError, match="403 Forbidden"):
        await phone.register()
    await phone.close()


async def test_a_crash_is_told_with_its_last_words(lib: Path) -> None:
    phone = pjsua.PjsuaPhone(ACCOUNT)
    await phone.open(("127.0.0.1", 0), lib)
    with pytest.raises(PhoneError, match="Segmentation fault"):
        await phone.ask("crash")
    await phone.close()


async def test_the_password_is_not_in_the_command_line(lib: Path) -> None:
    phone = pjsua.PjsuaPhone(ACCOUNT)
    await phone.open(("127.0.0.1", 0), lib)
    assert phone.pid is not None
    command_line = Path(f"/proc/{phone.pid}/cmdline").read_text()
    assert sys.executable in command_line
    assert "s3cret" not in command_line
    await phone.close()


async def test_where_it_is_not_built_the_way_is_told(tmp_path: Path) -> None:
    with pytest.raises(PhoneError, match="make phone"):
        await pjsua.PjsuaPhone(ACCOUNT).open(("127.0.0.1", 0), tmp_path)
