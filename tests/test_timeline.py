import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

from ari_app.timeline import LEFT, SCALE, Mark, timeline_svg
from tests.support.audio import silence, tone

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*marks: Mark, caller: float = 10.0, agent: float = 10.0) -> ElementTree.Element:
    return ElementTree.fromstring(timeline_svg(silence(caller), silence(agent), marks, "A call"))


def text(picture: ElementTree.Element, content: str) -> ElementTree.Element:
    (found,) = [each for each in picture.iter(SVG + "text") if each.text == content]
    return found


def rect(picture: ElementTree.Element, name: str) -> list[dict[str, float]]:
    """Places and sizes of all rectangles of a class, in order."""
    found = [each.attrib for each in picture.iter(SVG + "rect") if each.get("class") == name]
    return [
        {k: float(v) for k, v in each.items() if k in ("x", "y", "width", "height")}
        for each in found
    ]


def test_what_was_said_stands_where_it_began_and_is_marked_as_long_as_it_took() -> None:
    picture = drawn(
        Mark("caller", 2.0, 3.5, "opening hours"), Mark("agent", 4.0, 6.0, "From nine.")
    )
    (said,), (told,) = rect(picture, "said"), rect(picture, "told")
    assert said["x"] == LEFT + 2.0 * SCALE
    assert told["x"] == LEFT + 4.0 * SCALE
    assert rect(picture, "caller")[0]["width"] == 1.5 * SCALE
    assert said["y"] < told["y"]
    assert text(picture, "opening hours").tag


def test_a_wait_is_drawn_to_scale_with_its_figure_and_summed_up() -> None:
    picture = drawn(Mark("wait", 3.0, 3.6, "600 ms"), Mark("wait", 7.0, 7.9, "900 ms"))
    assert [each["width"] for each in rect(picture, "waiting")] == [0.6 * SCALE, 0.9 * SCALE]
    assert text(picture, "600 ms").get("class") == "waited halo"
    assert "600 to 900 ms" in str(picture.findall(SVG + "text")[1].text)


def test_sound_is_where_it_was_heard_and_silence_is_flat() -> None:
    caller = np.concatenate([silence(1.0), tone(400, 1.0, level=-10), silence(1.0)])
    picture = ElementTree.fromstring(timeline_svg(caller, silence(3.0), [], "A call"))
    (outline,) = [p for p in picture.iter(SVG + "polygon") if p.get("class") == "caller"]
    points = [tuple(map(float, each.split(","))) for each in str(outline.get("points")).split()]
    above = points[: len(points) // 2]
    middle = max(y for _, y in above)
    loud = [x for x, y in above if middle - y > 5]
    assert min(loud) == pytest.approx(LEFT + SCALE, abs=1)
    assert max(loud) == pytest.approx(LEFT + 2 * SCALE - 1, abs=1)


def test_bubbles_and_flags_of_one_row_do_not_cover_each_other_and_stay_on_the_page() -> None:
    long = "a rather long sentence that needs some room to be read"
    picture = drawn(
        *(Mark("agent", at, at + 2, long) for at in (0.0, 3.0, 6.0, 9.5)),
        *(Mark("event", at, at, "something happened") for at in (1.0, 1.5, 9.0)),
    )
    for name in ("told", "flag"):
        boxes = rect(picture, name)
        for row in {box["y"] for box in boxes}:
            line = sorted((b for b in boxes if b["y"] == row), key=lambda box: box["x"])
            assert all(a["x"] + a["width"] <= b["x"] for a, b in pairwise(line))
        assert max(b["x"] + b["width"] for b in boxes) < float(picture.attrib["width"])
    assert len({box["y"] for box in rect(picture, "flag")}) == 2


@pytest.mark.parametrize("seconds", [0.0, 0.4, 45.0, 700.0])
def test_any_length_has_an_axis_that_can_be_read(seconds: float) -> None:
    picture = drawn(caller=seconds, agent=0.0)
    labels = [
        each.text for each in picture.iter(SVG + "text") if re.fullmatch(r"\d+ s", each.text or "")
    ]
    assert 1 <= len(labels) <= 21
    assert labels[0] == "0 s"


def test_words_with_markup_are_words() -> None:
    picture = drawn(
        Mark("caller", 1, 2, "<script>&"), Mark("keys", 3, 3, "*#"), Mark("event", 4, 4, "<b>")
    )
    assert text(picture, "<script>&").tag
    assert text(picture, "*#").tag
    assert picture.find(f".//{SVG}script") is None


def test_full_scale_and_a_call_without_anything_are_drawn() -> None:
    loud = np.full(800, -32768, np.int16)
    assert timeline_svg(loud, loud, [], "").count("<polygon") == 4
    assert timeline_svg(loud[:0], loud[:0], [], "").endswith("</svg>")
