from ari_app.watch.figures import Figures
from ari_app.watch.journal import CountedJournal
from tests.watch.test_figures import read

SECRET = "my number is 0 3 0 1 2 3 4 5 6"


class Pages:
    def __init__(self) -> None:
        self.closed = False
        self.entries: list[tuple[str, str, float, dict[str, str | float | bool]]] = []

    def write(self, call: str, kind: str, at: float, **facts: str | float | bool) -> None:
        self.entries.append((call, kind, at, facts))

    def close(self) -> None:
        self.closed = True


def test_every_entry_goes_on_unchanged_and_the_right_ones_are_counted(figures: Figures) -> None:
    pages = Pages()
    journal = CountedJournal(pages, figures)
    journal.write("k2x", "adoption_failed", 0.0)
    journal.write("k3x", "adopted", 0.0)
    journal.write("k3x", "phase", 0.2, phase="talking", outcome="")
    journal.write("k3x", "turn", 4.0, decided=0.6, answered=0.9)
    journal.write("k3x", "barge_in", 5.0, committed=True, by="speech", decided=0.3, paused=0.06)
    journal.write("k3x", "barge_in", 6.0, committed=False, by="speech", decided=0.3)
    journal.write("k3x", "phase", 9.0, phase="ended", outcome="handed over to sales")
    assert [kind for _, kind, _, _ in pages.entries] == [
        *("adoption_failed", "adopted", "phase", "turn", "barge_in", "barge_in", "phase")
    ]
    assert pages.entries[3] == ("k3x", "turn", 4.0, {"decided": 0.6, "answered": 0.9})
    seen = read(figures)
    assert seen["attendant_adoptions_total", "adopted"] == 1
    assert seen["attendant_adoptions_total", "failed"] == 1
    assert seen["attendant_turn_answered_seconds_count",] == 1
    assert seen["attendant_barge_ins_total", "committed"] == 1
    assert seen["attendant_barge_ins_total", "dismissed"] == 1
    assert seen["attendant_barge_in_paused_seconds_count",] == 1
    assert seen["attendant_calls_ended_total", "handed_over"] == 1


def test_closing_it_closes_the_real_one(figures: Figures) -> None:
    pages = Pages()
    CountedJournal(pages, figures).close()
    assert pages.closed


def test_nothing_of_a_caller_gets_into_the_figures(figures: Figures) -> None:
    journal = CountedJournal(Pages(), figures)
    journal.write("k3x", "caller_said", 1.0, text=SECRET, until=2.0, by="speech")
    journal.write("k3x", "keys", 2.0, digits="4711")
    journal.write("k3x", "phase", 9.0, phase="ended", outcome=f"handed over to {SECRET}")
    text = figures.text().decode()
    for word in (SECRET, "4711", "k3x"):
        assert word not in text


def test_an_entry_of_another_form_is_no_reason_to_stop(figures: Figures) -> None:
    pages = Pages()
    CountedJournal(pages, figures).write("k3x", "turn", 4.0, decided="soon")
    assert pages.entries
