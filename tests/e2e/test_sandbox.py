"""The private PBX as its user meets it: quiet, alone, side by side, gone when stopped."""

import json
import os
import re
import resource
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ari_app.pbx import SandboxError
from ari_app.pbx.sandbox import Sandbox
from tests.support.pbx import CHECKOUT, PREFIX

pytestmark = pytest.mark.e2e

HARMLESS = (
    re.compile(r"loader.c: \d+ modules will be loaded"),
    re.compile(r"cdr.c: CDR simple logging enabled"),  # nobody reads them: they go nowhere
    re.compile(r"indications.c: .*efault .*country"),
)


def command(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """asterisk/sandbox, with a python that has nothing installed."""
    argv = [sys.executable, "-I", "-S", CHECKOUT / "asterisk/sandbox", *words]
    return subprocess.run(argv, capture_output=True, text=True, cwd=CHECKOUT, check=False)


def processes_of(sandbox: Sandbox) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if f"{sandbox.run_dir}/etc/asterisk.conf" in words:
            found.append(words.replace("\0", " "))
    return found


def test_loads_its_configuration_without_a_complaint(make_pbx: Callable[..., Sandbox]) -> None:
    log = make_pbx().log.read_text()
    lines = [line for line in log.splitlines() if re.search("(NOTICE|WARNING|ERROR)\\[", line)]
    assert [line for line in lines if not any(known.search(line) for known in HARMLESS)] == []
    assert "Asterisk Ready" in log


def test_has_every_application_and_function_that_the_dialplan_uses(pbx: Sandbox) -> None:
    plan = pbx.cli("dialplan show")
    applications = set(re.findall(r"\d+\. (\w+)\(", plan))
    assert {"Stasis", "VoiceMail", "Dial", "Queue"} <= applications
    for name in applications:
        assert "not a registered application" not in pbx.cli(f"core show application {name}"), name
    functions = set(re.findall(r"\b([A-Z][A-Z_]+)\(", plan))
    assert {"TIMEOUT", "VM_INFO", "DIALPLAN_EXISTS"} <= functions
    for name in functions:
        assert "No function by that name" not in pbx.cli(f"core show function {name}"), name


def test_two_run_side_by_side(make_pbx: Callable[..., Sandbox]) -> None:
    one, other = make_pbx(), make_pbx(workers=3)
    assert one.pid() != other.pid()
    assert "RAND(1,1)" in one.cli("dialplan show attendant-agent")
    assert "RAND(1,3)" in other.cli("dialplan show attendant-agent")
    one.stop()
    assert "System uptime" in other.cli("core show uptime")


def test_no_process_is_left_after_stop_and_after_kill(make_pbx: Callable[..., Sandbox]) -> None:
    for end in (Sandbox.stop, Sandbox.kill):
        sandbox = make_pbx()
        assert len(processes_of(sandbox)) == 1
        end(sandbox)
        assert processes_of(sandbox) == []
        assert sandbox.pid() is None
        sandbox.stop()  # does nothing now


def test_a_hung_one_is_stopped_too(make_pbx: Callable[..., Sandbox]) -> None:
    sandbox = make_pbx()
    os.kill(sandbox.pid() or 0, signal.SIGSTOP)
    sandbox.stop()
    assert processes_of(sandbox) == []


def test_may_open_as_many_files_as_this_machine_allows(pbx: Sandbox) -> None:
    """With 1024 Asterisk crashes near 200 calls."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limits = Path(f"/proc/{pbx.pid()}/limits").read_text()
    soft = re.search(r"Max open files\s+(\d+)", limits)
    assert soft is not None
    assert int(soft[1]) == (65536 if hard < 0 else min(hard, 65536))


def test_starts_again_in_the_same_folder_with_other_secrets(
    make_pbx: Callable[..., Sandbox],
) -> None:
    sandbox = make_pbx()
    before = sandbox.ari_password_file.read_text()
    message = sandbox.voicemail_dir / "msg0000.wav"
    message.parent.mkdir(parents=True)
    message.touch()
    sandbox.kill()
    sandbox.start()
    assert sandbox.ari_password_file.read_text() != before
    assert message.exists()


def test_secrets_are_long_generated_and_private(make_pbx: Callable[..., Sandbox]) -> None:
    one, other = make_pbx(), make_pbx()
    for name in ("ari", "alice", "bob", "voicemail"):
        path = one.secret_file(name)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_text() != other.secret_file(name).read_text()
        assert len(path.read_text()) >= (6 if name == "voicemail" else 24)
    assert stat.S_IMODE(one.run_dir.stat().st_mode) == 0o700
    pid = one.pid()
    assert one.ari_password_file.read_bytes() not in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_starting_twice_is_refused(make_pbx: Callable[..., Sandbox]) -> None:
    sandbox = make_pbx()
    with pytest.raises(SandboxError, match=f"already running .pid {sandbox.pid()}"):
        Sandbox(sandbox.run_dir).start()


def test_the_command_on_a_bare_python(make_pbx: Callable[..., Sandbox], tmp_path: Path) -> None:
    ports = make_pbx()
    settings = ports.settings
    ports.stop()
    run_dir = tmp_path / "run"
    options = f"--sip-port {settings.sip_port} --http-port {settings.http_port} --workers 2"
    options += f" --rtp-start {settings.rtp_start} --rtp-end {settings.rtp_end}"
    started = command("start", run_dir, *options.split())
    assert started.returncode == 0, started.stderr
    try:
        told = json.loads(command("status", run_dir, "--json").stdout)
        assert told["running"]
        assert told["ari_url"] == f"http://127.0.0.1:{settings.http_port}/ari"
        assert Path(told["ari_password_file"]).read_text() not in started.stdout
        assert "RAND(1,2)" in command("cli", run_dir, "dialplan show attendant-agent").stdout
        assert str(run_dir) in command("status").stdout
        failed = command("start", run_dir)
        assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    finally:
        assert command("stop", run_dir).stdout == "stopped\n"
    assert command("stop", run_dir).stdout == "was not running\n"
    assert command("cli", run_dir, "core show uptime").returncode == 1


def test_installing_what_is_there_takes_no_time(installed_pbx: Path) -> None:
    began = time.monotonic()
    done = command("install", "sip-tester")
    assert done.returncode == 0, done.stderr
    assert "asterisk" in done.stdout
    assert time.monotonic() - began < 2.0


def test_a_failed_download_is_one_clear_line(tmp_path: Path) -> None:
    environment = {**os.environ, "ATTENDANT_DEBIAN_MIRROR": "http://127.0.0.1:9/debian"}
    argv = [str(CHECKOUT / "asterisk/sandbox"), "install", "--unpacked", "--prefix"]
    argv.append(str(tmp_path))
    done = subprocess.run(argv, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "http://127.0.0.1:9/debian" in done.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_runs_for_an_ordinary_user(make_pbx: Callable[..., Sandbox], tmp_path: Path) -> None:
    sandbox = make_pbx()
    settings = sandbox.settings
    sandbox.stop()
    run_dir = tmp_path / "nobody"
    run_dir.mkdir()
    os.chown(run_dir, 65534, 65534)
    for folder in [run_dir, *run_dir.parents][:4]:
        if folder.owner() == "root" and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
    script = CHECKOUT / "asterisk/sandbox"
    options = f"--sip-port {settings.sip_port} --http-port {settings.http_port} --prefix {PREFIX}"
    python = "/usr/bin/python3"
    if not Path(python).exists():
        pytest.skip("no python that an ordinary user may run")

    def as_nobody(*words: str | Path) -> subprocess.CompletedProcess[str]:
        argv = [python, script, *words]
        return subprocess.run(
            argv, user=65534, group=65534, capture_output=True, text=True, check=False
        )

    started = as_nobody("start", run_dir, *options.split())
    assert started.returncode == 0, started.stderr
    try:
        pid = Sandbox(run_dir).pid()
        assert Path(f"/proc/{pid}").stat().st_uid == 65534
    finally:
        assert as_nobody("stop", run_dir).stdout == "stopped\n"
