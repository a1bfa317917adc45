"""Phrases as what pocketsphinx reads: JSGF for a choice, an ARPA trigram for a transcript."""

from collections import Counter
from collections.abc import Iterable
from math import log10

START, END = "<s>", "</s>"
SEEN = 0.9
"Share of the probability that continuations seen in the sentences get; the rest backs off."


def jsgf(phrases: Iterable[str]) -> str:
    """A grammar that accepts exactly these phrases (JSpeech Grammar Format 1.0)."""
    return f"#JSGF V1.0;\ngrammar question;\npublic <answer> = {' | '.join(phrases)};\n"


def arpa(sentences: Iterable[str]) -> str:
    """A trigram over these sentences in ARPA form, every other order of the words possible."""
    spoken = [(START, *sentence.split(), END) for sentence in dict.fromkeys(sentences)]
    counts = [
        Counter(words[at : at + n] for words in spoken for at in range(len(words) - n + 1))
        for n in (1, 2, 3)
    ]
    sections = [
        f"\\data\\\n{''.join(f'ngram {n + 1}={len(c)}{chr(10)}' for n, c in enumerate(counts))}"
    ]
    vocabulary = sum(count for word, count in counts[0].items() if word != (START,))
    for order, grams in enumerate(counts):
        lines = [f"\\{order + 1}-grams:"]
        for gram, count in sorted(grams.items()):
            before = counts[order - 1][gram[:-1]] if order else vocabulary
            chance = -99.0 if gram == (START,) else log10((SEEN if order else 1.0) * count / before)
            back_off = f"\t{log10(1 - SEEN):.4f}" if order < 2 and gram[-1] != END else ""
            lines.append(f"{chance:.4f}\t{' '.join(gram)}{back_off}")
        sections.append("\n".join(lines) + "\n")
    return "\n".join([*sections, "\\end\\\n"])
