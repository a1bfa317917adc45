"""YAML that remembers where everything stood."""

from pathlib import Path

import pytest

from ari_app.document import Document, Repeat, load, read
from ari_app.errors import ConfigError


def document(folder: Path, text: str) -> Document:
    path = folder / "x.yaml"
    path.write_text(text, encoding="utf-8")
    return read(path)


def test_every_key_and_element_has_its_line(tmp_path: Path) -> None:
    read_ = document(tmp_path, "a: 1\nb:\n  - x\n  - c: {d: 2}\n\ne: ü\n")
    assert read_.value == {"a": 1, "b": ["x", {"c": {"d": 2}}], "e": "ü"}
    lines = {place: read_.lines[place] for place in (("a",), ("b",), ("b", 0), ("e",))}
    assert lines == {("a",): 1, ("b",): 2, ("b", 0): 3, ("e",): 6}
    assert read_.where(("b", 1, "c", "d")) == f"{read_.path}:4"


def test_what_is_missing_is_placed_where_it_should_be(tmp_path: Path) -> None:
    read_ = document(tmp_path, "a: 1\nb:\n  c: 2\n")
    assert read_.where(("b", "flow")) == f"{read_.path}:2"
    assert read_.where(("z",)) == f"{read_.path}:1"


def test_numbers_as_keys_are_placed_by_their_text(tmp_path: Path) -> None:
    read_ = document(tmp_path, "routing:\n  700: desk\n")
    assert read_.where(("routing", "700")) == f"{read_.path}:2"


@pytest.mark.parametrize("text", ["", "# nothing but words\n", "---\n"])
def test_an_empty_file_is_no_fault_of_the_reader(tmp_path: Path, text: str) -> None:
    assert document(tmp_path, text).value is None


@pytest.mark.parametrize("text", ["a: 1\nb: 2\na: 3\n", "a: {x: 1}\nb: 2\na: {y: 1}\n"])
def test_a_key_that_comes_twice_is_refused_with_both_lines(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"x\.yaml:3: 'a' is here a second time.*line 1"):
        document(tmp_path, text)


def test_every_key_that_comes_twice_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        document(tmp_path, "a: 1\nb: 2\na: 3\nc: {d: 1, d: 2}\n")
    assert [line.partition(": ")[2][:3] for line in str(refused.value).splitlines()] == [
        "'a'",
        "'d'",
    ]


def test_texts_stay_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("no: 01\non: [~, 1e3]\nno: yes\n")
    loaded = load(path, texts=True)
    assert loaded.value == {"no": "yes", "on": ["~", "1e3"]}
    assert loaded.repeats == (Repeat(("no",), line=3, first=1),)


def test_the_same_key_in_different_places_is_none_twice(tmp_path: Path) -> None:
    assert document(tmp_path, "a: {x: 1}\nb: {x: 1}\nc: [{x: 1}, {x: 1}]\n").value


def test_an_alias_stands_where_its_anchor_stands(tmp_path: Path) -> None:
    read_ = document(tmp_path, "one: &it\n  context: c\ntwo: *it\n")
    assert read_.value == {"one": {"context": "c"}, "two": {"context": "c"}}
    assert read_.where(("two",)) == f"{read_.path}:3"
    assert read_.where(("two", "context")) == f"{read_.path}:2"


def test_merged_keys_are_taken_over(tmp_path: Path) -> None:
    text = "one: &it {a: 1, b: 2}\ntwo:\n  <<: *it\n  b: 3\n"
    assert document(tmp_path, text).value == {"one": {"a": 1, "b": 2}, "two": {"a": 1, "b": 3}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [1\nb: 2\n", r"x\.yaml:2: is no YAML"),
        ("a: 1\n---\nb: 2\n", "is no YAML"),
        ("a: !!python/object:os.system x\n", "is no YAML"),
        ("a: *nowhere\n", "is no YAML"),
        ("? [1, 2]\n: x\n", r"x\.yaml:1: expected a text as key"),
        ("b: 1\n? {a: 1}\n: x\n", r"x\.yaml:2: expected a text as key"),
    ],
)
def test_what_is_no_proper_yaml_is_told_in_one_line(
    tmp_path: Path, text: str, expected: str
) -> None:
    with pytest.raises(ConfigError, match=expected) as refused:
        document(tmp_path, text)
    assert "\n" not in str(refused.value)


def test_a_value_that_contains_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="contains itself"):
        document(tmp_path, "a: &it\n  - *it\n")


def test_many_aliases_of_aliases_do_not_stop_the_world(tmp_path: Path) -> None:
    """A "billion laughs" document."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    with pytest.raises(ConfigError, match="more than 100000 values"):
        document(tmp_path, "\n".join(lines))


def test_no_file_and_no_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read(tmp_path / "nothing.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"a: \xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        read(tmp_path / "binary.yaml")
