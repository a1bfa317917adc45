"""Is a flow sound as a whole? Each question is asked of the graph of its steps and answered with
(step, complaint) pairs."""

from collections.abc import Iterator

from ari_app.agents.flow.model import Ask, Flow, HandOver, HangUp, Step, successors

Complaint = tuple[str, str]


def complaints(flow: Flow) -> Iterator[Complaint]:
    """Everything that is wrong with a flow whose names are all known."""
    reached = _closure(flow, [flow.start, flow.resume])
    for name in flow.steps:
        if name not in reached:
            yield name, "cannot be reached, expected some step to lead here"
    yield from _endless(flow)
    yield from _silent_loops(flow)
    yield from _unconfirmed(flow)


def _closure(flow: Flow, names: list[str]) -> set[str]:
    """These steps and all that can follow."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(successors(flow.steps[name]))
    return found


def _endless(flow: Flow) -> Iterator[Complaint]:
    for name in flow.steps:
        following = (flow.steps[step] for step in _closure(flow, [name]))
        if not any(isinstance(step, HandOver | HangUp) for step in following):
            yield name, "leads to no end, expected a hand_over or hang_up after it"


def _unasked(step: Step) -> tuple[str, ...]:
    """What can follow without another answer by the caller."""
    if not isinstance(step, Ask):
        return successors(step)
    if step.confirms and not step.always:
        return (step.choices[0].then,)
    return ()


def _silent_loops(flow: Flow) -> Iterator[Complaint]:
    for name in flow.steps:
        path = _way_back(flow, name)
        if path:
            way = " → ".join((name, *path))
            yield (name, f"comes back to itself ({way}), expected an ask on the way")


def _way_back(flow: Flow, name: str) -> tuple[str, ...]:
    """How a step is reached from itself without an answer by the caller; () when it is not."""
    seen: set[str] = set()
    ways: list[tuple[str, ...]] = [(step,) for step in _unasked(flow.steps[name])]
    while ways:
        way = ways.pop()
        if way[-1] == name:
            return way
        if way[-1] not in seen:
            seen.add(way[-1])
            ways.extend((*way, step) for step in _unasked(flow.steps[way[-1]]))
    return ()


def _unconfirmed(flow: Flow) -> Iterator[Complaint]:
    """A recogniser forces most of what it does not know onto one of its phrases: nobody is
    connected because of a single spoken answer."""
    seen: dict[tuple[str, bool], str] = {}
    waiting = [(flow.start, False, ""), (flow.resume, False, "")]
    while waiting:
        name, spoken, said = waiting.pop()
        if (name, spoken) in seen:
            continue
        seen[name, spoken] = said
        step = flow.steps[name]
        if isinstance(step, Ask):
            waiting.extend(_answers(name, step))
        else:
            waiting.extend((following, spoken, said) for following in successors(step))
    for (name, spoken), said in seen.items():
        if spoken and isinstance(flow.steps[name], HandOver):
            yield name, f"one spoken answer ({said}) leads here, expected a confirm between them"


def _answers(name: str, ask: Ask) -> Iterator[tuple[str, bool, str]]:
    """(what follows, whether an unconfirmed spoken answer led there, which answer)."""
    for choice in ask.choices:
        agreed = ask.confirms and choice is ask.choices[0]
        yield choice.then, bool(choice.phrases) and not agreed, f"{name}: {choice.name}"
    if ask.digits is not None:
        yield ask.then, False, ""
