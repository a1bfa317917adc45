"""Values of YAML, with their lines."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.agents.flow.source import Problems, Section, read
from ari_app.errors import ConfigError


def section(folder: Path, text: str | bytes) -> Section:
    file = folder / "x.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return read(file, Problems())


def told(of: Section) -> list[str]:
    """What was found wrong, without the file's name."""
    try:
        of.problems.refuse()
    except ConfigError as error:
        return [line.replace(f"{of.file}:", "") for line in str(error).splitlines()]
    return []


def test_scalars_stay_as_they_are_written(tmp_path: Path) -> None:
    top = section(tmp_path, "a: no\nb: 010\nc: 1e3\nd: ~\n12:34: x\n")
    assert [top.text(key) for key in "abcd"] == ["no", "010", "1e3", "~"]
    assert top.text("12:34") == "x"
    assert told(top) == []


def test_folded_texts_become_one_line(tmp_path: Path) -> None:
    assert section(tmp_path, "a: |\n  How can\n  I help?\n").text("a") == "How can I help?"


def test_values_out_of_bounds_are_told_and_replaced_by_the_default(tmp_path: Path) -> None:
    top = section(tmp_path, "a: 9\nb: x\nc: 1.5\nd: maybe\n")
    assert top.number("a", 1.0, 0.0, 2.0) == 1.0
    assert top.number("b", 1.0, 0.0, 2.0) == 1.0
    assert top.count("c", 1, 0, 2) == 1
    assert top.flag("d", True) is False
    assert told(top) == [
        "1: a: '9', expected a number from 0 to 2",
        "2: b: 'x', expected a number from 0 to 2",
        "3: c: '1.5', expected a whole number from 0 to 2",
        "4: d: 'maybe', expected true or false",
    ]


def test_lists_of_texts(tmp_path: Path) -> None:
    top = section(tmp_path, "a: [x, y]\nb: x\nc: [x, [y]]\n")
    assert top.texts("a") == ("x", "y")
    assert top.texts("none", ("z",)) == ("z",)
    assert (top.texts("b"), top.texts("c")) == ((), ("x",))
    assert told(top) == [
        "2: b: is a text, expected a list of texts",
        "3: c: has an entry that is no text, expected a list of texts",
    ]


def test_a_nan_is_no_number(tmp_path: Path) -> None:
    top = section(tmp_path, "a: nan\n")
    assert top.number("a", 1.0, 0.0, 2.0) == 1.0
    assert told(top) == ["1: a: 'nan', expected a number from 0 to 2"]


def test_keys_that_are_no_texts(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"x\.yaml:1: expected a text as key"):
        section(tmp_path, "[a]: b\n")


def test_an_absent_section_is_empty_and_stands_where_it_would(tmp_path: Path) -> None:
    absent = section(tmp_path, "\n\na: b\n").section("c")
    assert (bool(absent), absent.names(), absent.line) == (False, (), 3)


@given(noise=st.binary(max_size=200) | st.text(max_size=200))
def test_any_bytes_are_a_mapping_or_a_config_error(
    noise: bytes | str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.getbasetemp() / "noise.yaml"
    file.write_bytes(noise.encode(errors="replace") if isinstance(noise, str) else noise)
    with suppress(ConfigError):
        read(file, Problems()).close()
