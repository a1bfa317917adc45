"""The mirror is Debian's own or the host's, never a third party's."""

from pathlib import Path

import pytest

from ari_app.pbx.mirror import OVERRIDE, PUBLIC_MIRROR, Source, debian_mirror, host_sources

BOOKWORM = "PRETTY_NAME=x\nID=debian\nVERSION_CODENAME=bookworm\n"
UBUNTU = 'ID=ubuntu\nID_LIKE="debian"\nVERSION_CODENAME=noble\n'


@pytest.fixture(autouse=True)
def no_override(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(OVERRIDE, raising=False)


def host(root: Path, release: str, *, lines: str = "", deb822: str = "") -> Path:
    """A host with that os-release, sources.list and sources.list.d/debian.sources."""
    (root / "etc/apt/sources.list.d").mkdir(parents=True)
    (root / "etc/os-release").write_text(release)
    (root / "etc/apt/sources.list").write_text(lines)
    (root / "etc/apt/sources.list.d/debian.sources").write_text(deb822)
    return root


def test_debian_host_with_deb822_sources(tmp_path: Path) -> None:
    sources = (
        "Types: deb\n# a snapshot\nURIs: http://mirror.test/debian/\n"
        "Suites: bookworm bookworm-updates\nComponents: main\n\n"
        "Types: deb\nURIs: http://mirror.test/debian-security\nSuites: bookworm-security\n"
        "Components: main\n"
    )
    assert debian_mirror(host(tmp_path, BOOKWORM, deb822=sources)) == "http://mirror.test/debian"


def test_debian_host_with_one_line_sources_and_third_parties(tmp_path: Path) -> None:
    lines = (
        "# deb http://old.test/debian bookworm main\n"
        "deb-src http://source.test/debian bookworm main\n"
        "deb [arch=amd64 signed-by=/x] https://docker.test/linux/debian bookworm stable\n"
        "deb cdrom:[Debian]/ bookworm main\n"
        "deb http://security.test/debian-security bookworm-security main\n"
        "deb [trusted=no] https://mirror.test/pub/debian bookworm main contrib # ours\n"
    )
    assert debian_mirror(host(tmp_path, BOOKWORM, lines=lines)) == (
        "https://mirror.test/pub/debian"
    )


def test_a_disabled_archive_is_not_used(tmp_path: Path) -> None:
    sources = (
        "Enabled: no\nTypes: deb\nURIs: http://off.test/debian\n"
        "Suites: bookworm\nComponents: main\n"
    )
    assert debian_mirror(host(tmp_path, BOOKWORM, deb822=sources)) == PUBLIC_MIRROR


def test_ubuntu_has_no_debian_mirror(tmp_path: Path) -> None:
    lines = "deb http://archive.ubuntu.test/ubuntu noble main\n"
    assert debian_mirror(host(tmp_path, UBUNTU, lines=lines)) == PUBLIC_MIRROR


def test_a_host_without_any_of_these_files(tmp_path: Path) -> None:
    assert debian_mirror(tmp_path) == PUBLIC_MIRROR


def test_the_environment_overrides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OVERRIDE, "http://mine.test/debian/")
    assert debian_mirror(tmp_path) == "http://mine.test/debian"


def test_continued_fields_of_deb822_are_read(tmp_path: Path) -> None:
    sources = (
        "Types: deb deb-src\nURIs: http://a.test/debian\n http://b.test/debian\n"
        "Suites: bookworm\nComponents: main\nSigned-By:\n -----BEGIN PGP\n .\n abc\n"
    )
    root = host(tmp_path, BOOKWORM, deb822=sources)
    suites, components = ("bookworm",), ("main",)
    assert list(host_sources(root / "etc/apt")) == [
        Source("http://a.test/debian", suites, components),
        Source("http://b.test/debian", suites, components),
    ]
