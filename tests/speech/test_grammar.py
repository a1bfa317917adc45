import re
from math import isclose

from ari_app.speech.grammar import arpa, jsgf


def test_a_choice_lists_its_phrases() -> None:
    assert "public <answer> = yes | no thank you;" in jsgf(["yes", "no thank you"])


def test_the_trigram_prefers_the_sentences_and_allows_all_else() -> None:
    model = arpa(["leave a message", "leave a number", "leave a message"])
    chance = {
        words: 10 ** float(value)
        for value, words in re.findall(r"^(-[\d.]+)\t([^\t\n]+)", model, flags=re.MULTILINE)
    }
    assert chance["leave a"] > 0.8
    assert isclose(chance["leave a message"], chance["leave a number"])
    assert isclose(chance["leave a message"], 0.45, abs_tol=0.01)
    assert isclose(
        sum(chance[word] for word in ("leave", "a", "message", "number", "</s>")), 1, abs_tol=0.01
    )
    assert "number leave" not in chance
    assert re.search(r"^-[\d.]+\tnumber\t-1\.0000$", model, flags=re.MULTILINE)


def test_the_counts_of_the_head_are_those_of_the_sections() -> None:
    model = arpa(["we are open", "yes"])
    for order in (1, 2, 3):
        (promised,) = re.findall(rf"^ngram {order}=(\d+)$", model, flags=re.MULTILINE)
        section = model.split(f"\\{order}-grams:\n")[1].split("\n\n")[0]
        assert len(section.splitlines()) == int(promised)
