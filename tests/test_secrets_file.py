from pathlib import Path

import pytest

from ari_app.errors import ConfigError
from ari_app.secrets_file import read_secrets


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "secrets.env"
    path.touch(mode)
    path.write_text(text)
    return path


def test_names_have_values_and_comments_are_none(tmp_path: Path) -> None:
    path = written(tmp_path, '# mine\n\nONE=a=b\n TWO = "c d" \n')
    assert read_secrets(path) == {"ONE": "a=b", "TWO": "c d"}


@pytest.mark.parametrize("line", ["no value", "lower=1", "=1"])
def test_other_lines_are_faults_that_do_not_show_what_is_in_them(tmp_path: Path, line: str) -> None:
    with pytest.raises(ConfigError, match=r"secrets\.env:2: expected NAME=value$"):
        read_secrets(written(tmp_path, f"ONE=1\n{line}\n"))


def test_others_may_not_read_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="mode 0640; expected 0600"):
        read_secrets(written(tmp_path, "ONE=1", 0o640))
