"""Reads a flow and refuses everything that a caller should not have to find out."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from ari_app.agents.flow.check import complaints
from ari_app.agents.flow.model import GIVEN, Flow, Phrasing
from ari_app.agents.flow.source import Problems, Section, read
from ari_app.agents.flow.steps import Names, Steps


def load_flow(path: str | Path, destinations: frozenset[str]) -> Flow:
    """The flow in this YAML file.

    Tables that it names as files are read from beside it. Raises ConfigError, one line for each
    problem: file, line, key, value and what was expected.
    """
    problems = Problems()
    top = read(Path(path), problems)
    section = top.section("steps", required=True)
    step_names = section.names()
    if not step_names:
        problems.refuse()
    variables = _variables(top)
    tables = _tables(top, problems)
    names = Names(step_names, destinations, tuple(tables))
    steps = Steps(names, _phrasing(top), GIVEN | set(variables))
    flow = Flow(
        source=str(path),
        steps=steps.read(section),
        start=steps.step(top, "start", default=step_names[0]),
        resume=steps.step(top, "resume", default=top.text("start", "") or step_names[0]),
        give_up=steps.destination(top, "give_up"),
        phrasing=steps.phrasing,
        variables=variables,
        tables=tables,
    )
    steps.check_slots()
    top.close()
    problems.refuse()
    for name, complaint in complaints(flow):
        section.complain(name, complaint)
    problems.refuse()
    return flow


def _variables(top: Section) -> dict[str, str]:
    section = top.section("variables")
    for name in section.names():
        if name in GIVEN:
            section.complain(name, "is given by every call, expected another name")
    return {name: section.text(name, "") for name in section.names()}


def _phrasing(top: Section) -> Phrasing:
    section = top.section("phrasing")
    usual = Phrasing()
    values: dict[str, Any] = {}
    for name in (each.name for each in fields(Phrasing)):
        default = getattr(usual, name)
        read_value = section.text if isinstance(default, str) else section.texts
        values[name] = read_value(name, default)
    section.close()
    return Phrasing(**values)


def _tables(top: Section, problems: Problems) -> dict[str, Mapping[str, str]]:
    section = top.section("tables")
    tables: dict[str, Mapping[str, str]] = {}
    for name in section.names():
        if section.is_section(name):
            tables[name] = _table(section.section(name))
        else:
            file = section.text(name, expected="a mapping or the name of a file beside this one")
            if file:
                tables[name] = _table(read(top.file.parent / file, problems))
    return tables


def _table(section: Section) -> dict[str, str]:
    return {key: section.text(key) for key in section.names()}
