"""Writes `generated/` from Asterisk's own Swagger 1.1 files.

    python -m ari_app.ari.generate <rest-api folder> <out folder> <Asterisk version>

Only names, types and paths are taken over, so that the interface is Asterisk's; the prose of the
descriptions is not. Every model becomes a frozen dataclass with `parse`, every event type too,
every operation a method with the arguments' own names (a trailing underscore where Python
reserves the word).
"""

import json
import keyword
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ari_app.errors import ConfigError

SCALARS = {
    "string": ("str", "text"),
    "Date": ("str", "text"),
    "int": ("int", "whole"),
    "long": ("int", "whole"),
    "double": ("float", "real"),
    "boolean": ("bool", "flag"),
}
"Swagger type: Python type, reader in `fields`."

READERS = "flag mapping many maybe_flag maybe_model maybe_real maybe_text maybe_whole model models"
READERS += " real text texts whole"


@dataclass(frozen=True)
class Operation:
    """One method of a namespace."""

    namespace: str
    path: str
    spec: Mapping[str, Any]

    @property
    def nickname(self) -> str:
        return str(self.spec["nickname"])

    @property
    def parameters(self) -> list[dict[str, Any]]:
        """Required ones first: paths never leave theirs out."""
        given = [dict(p) for p in self.spec.get("parameters", [])]
        for parameter in given:
            parameter["required"] = parameter["paramType"] == "path" or bool(
                parameter.get("required")
            )
        return sorted(given, key=lambda p: not p["required"])


@dataclass
class Api:
    """All that the Swagger files declare."""

    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)

    @property
    def parents(self) -> dict[str, str]:
        return {
            child: name
            for name, model in self.models.items()
            for child in model.get("subTypes", ())
        }

    def is_message(self, name: str) -> bool:
        """Does it come over the websocket of events?"""
        return name == "Message" or self.parents.get(name) in ("Message", "Event")


def load(folder: Path) -> Api:
    """Read resources.json and all it lists. Raises ConfigError."""
    api = Api()
    try:
        listing = json.loads((folder / "resources.json").read_text())
        for entry in listing["apis"]:
            name = Path(entry["path"]).name.removesuffix(".{format}")
            declared = json.loads((folder / f"{name}.json").read_text())
            api.models |= declared.get("models", {})
            api.operations += [
                Operation(name, each["path"], spec)
                for each in declared["apis"]
                for spec in each["operations"]
            ]
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(f"{folder}: expected Asterisk's rest-api folder: {error}") from error
    return api


def python_name(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


# Models and events.


def field_type(api: Api, prop: Mapping[str, Any]) -> tuple[str, str]:
    """Annotation and reading expression of a model's property, given `data`."""
    swagger, key = str(prop["type"]), repr(prop["name"])
    optional = not prop.get("required")
    maybe, none = ("maybe_", " | None") if optional else ("", "")
    if swagger in SCALARS:
        annotation, reader = SCALARS[swagger]
        return annotation + none, f"{maybe}{reader}(data, {key})"
    if swagger == "List[string]":
        return "tuple[str, ...]", f"texts(data, {key})"
    inner = re.fullmatch(r"List\[(\w+)\]", swagger)
    if inner and inner[1] in api.models:
        return f"tuple[{inner[1]}, ...]", f"models(data, {key}, {inner[1]}.parse)"
    if inner:
        return "tuple[object, ...]", f"many(data, {key})"
    if swagger in api.models:
        return swagger + none, f"{maybe}model(data, {key}, {swagger}.parse)"
    return "Mapping[str, object]", f"mapping(data, {key})"


def properties(api: Api, name: str) -> Iterator[dict[str, Any]]:
    """Own and inherited ones, the parents' first."""
    parent = api.parents.get(name)
    if parent is not None:
        yield from properties(api, parent)
    for key, prop in api.models[name]["properties"].items():
        yield {**prop, "name": key}


def model_class(api: Api, name: str, base: str = "") -> str:
    """One frozen dataclass. Inherited fields are the parent's, but parse reads them all."""
    own = [{**p, "name": k} for k, p in api.models[name]["properties"].items()]
    lines = ["@dataclass(frozen=True, slots=True, kw_only=True)", f"class {name}{base}:"]
    lines.append(f'    """Asterisk\'s {name}."""\n')
    lines += [f"    {python_name(p['name'])}: {field_type(api, p)[0]}" for p in own]
    lines.append("\n    @classmethod")
    lines.append(f"    def parse(cls, data: Json) -> {name}:")
    arguments = [f"{python_name(p['name'])}={field_type(api, p)[1]}" for p in properties(api, name)]
    lines.append(f"        return cls({', '.join(arguments)})\n\n")
    return "\n".join(lines)


def models_module(api: Api, head: str) -> str:
    names = [name for name in api.models if not api.is_message(name)]
    out = [head, "from collections.abc import Mapping\nfrom dataclasses import dataclass\n"]
    out.append(f"from ari_app.ari.fields import Json, {', '.join(READERS.split())}\n")
    out += [model_class(api, name) for name in names]
    return "\n".join(out)


def events_module(api: Api, head: str) -> str:
    names = [name for name in api.models if api.is_message(name)]
    names.sort(key=lambda name: (name != "Message", name != "Event"))
    used = [name for name in api.models if not api.is_message(name)]
    leaves = [name for name in names if name not in ("Message", "Event")]
    out = [head, "from collections.abc import Callable, Mapping\nfrom dataclasses import dataclass"]
    out.append(f"\nfrom ari_app.ari.fields import Json, {', '.join(READERS.split())}")
    out.append(f"from ari_app.ari.generated.models import {', '.join(used)}\n")
    for name in names:
        parent = api.parents.get(name)
        out.append(model_class(api, name, f"({parent})" if parent else ""))
    out.append("EVENTS: dict[str, Callable[[Json], Message]] = {")
    out += [f'    "{name}": {name}.parse,' for name in leaves]
    out.append('}\n"What parses a message, by its `type`."')
    return "\n".join(out)


# Operations.


def argument(parameter: Mapping[str, Any]) -> str:
    """An argument as it stands in a method's signature."""
    annotation = SCALARS.get(str(parameter["dataType"]), ("Mapping[str, object]",))[0]
    if parameter["dataType"] == "containers" and parameter["name"] == "fields":
        annotation = "Sequence[Mapping[str, str]]"
    if parameter.get("allowMultiple"):
        annotation = "Texts"
    default = "" if parameter["required"] else " | None = None"
    return f"{python_name(parameter['name'])}: {annotation}{default}"


def request_expression(operation: Operation) -> str:
    """The Request that a method sends."""

    def pairs(kind: str) -> str:
        names = [p["name"] for p in operation.parameters if p["paramType"] == kind]
        return "{" + ", ".join(f'"{name}": {python_name(name)}' for name in names) + "}"

    method, name = operation.spec["httpMethod"], f"{operation.namespace}.{operation.nickname}"
    expression = f'Request("{name}", "{method}", "{operation.path}", {pairs("path")}, '
    expression += pairs("query")
    for body in (p for p in operation.parameters if p["paramType"] == "body"):
        key = python_name(body["name"])
        # "containers" stand under their own key in the body, an "object" is the body.
        value = f'{{"{body["name"]}": {key}}}' if body["dataType"] == "containers" else key
        expression += f", {value}" if body["required"] else f", {value} if {key} else None"
    return expression + ")"


def method_body(operation: Operation) -> tuple[str, str]:
    """Return annotation and statement of a method."""
    answer, request = str(operation.spec["responseClass"]), request_expression(operation)
    if answer == "void":
        return "None", f"await send(self._transport, {request})"
    if answer == "binary":
        return "bytes", f"return await send(self._transport, {request})"
    inner = re.fullmatch(r"List\[(\w+)\]", answer)
    if inner:
        call = f"fetch_all(self._transport, {request}, models.{inner[1]}.parse)"
        return f"tuple[models.{inner[1]}, ...]", f"return await {call}"
    call = f"fetch(self._transport, {request}, models.{answer}.parse)"
    return f"models.{answer}", f"return await {call}"


def method(operation: Operation) -> str:
    signature = ", ".join(["self", "*"] + [argument(p) for p in operation.parameters])
    signature = signature.removesuffix(", *")
    where = f'"""{operation.spec["httpMethod"]} {operation.path}"""'
    if operation.spec.get("upgrade") == "websocket":
        request = f"request = {request_expression(operation)}"
        returns = "AbstractAsyncContextManager[AsyncIterator[str]]"
        does = "return self._transport.stream(request.url_path(), request.url_query())"
        lines = [f"def {operation.nickname}({signature}) -> {returns}:", where, request, does]
    else:
        returns, does = method_body(operation)
        lines = [f"async def {operation.nickname}({signature}) -> {returns}:", where, does]
    return "    " + "\n        ".join(lines) + "\n"


def class_name(namespace: str) -> str:
    return namespace[0].upper() + namespace[1:]


def operations_module(api: Api, head: str) -> str:
    namespaces = list(dict.fromkeys(o.namespace for o in api.operations))
    out = [head, "from collections.abc import AsyncIterator, Mapping, Sequence"]
    out.append("from contextlib import AbstractAsyncContextManager\n")
    out.append("from ari_app.ari.generated import models")
    out.append("from ari_app.ari.transport import Request, Texts, Transport")
    out.append("from ari_app.ari.transport import fetch, fetch_all, send\n")
    for namespace in namespaces:
        out.append(f'class {class_name(namespace)}:\n    """/{namespace}"""\n')
        out.append("    def __init__(self, transport: Transport) -> None:")
        out.append("        self._transport = transport\n")
        out += [method(o) for o in api.operations if o.namespace == namespace]
    out.append('class Operations:\n    """All of ARI over one transport, by namespace."""\n')
    out.append("    def __init__(self, transport: Transport) -> None:")
    out += [f"        self.{n} = {class_name(n)}(transport)" for n in namespaces]
    return "\n".join(out)


def main(arguments: list[str]) -> None:
    if len(arguments) != 3:
        raise SystemExit("usage: python -m ari_app.ari.generate REST_API_DIR OUT_DIR VERSION")
    folder, out, version = Path(arguments[0]), Path(arguments[1]), arguments[2]
    api = load(folder)
    head = f'"""Generated by ari_app/ari/generate.py from Asterisk {version}; do not edit."""\n'
    future = "from __future__ import annotations\n"
    out.mkdir(parents=True, exist_ok=True)
    (out / "__init__.py").write_text(head)
    (out / "models.py").write_text(models_module(api, head + "\n" + future))
    (out / "events.py").write_text(events_module(api, head + "\n" + future))
    (out / "operations.py").write_text(operations_module(api, head + "\n" + future))
    ruff = [sys.executable, "-m", "ruff"]
    # Unused imports and quotes are left to ruff; its rules of style follow only after formatting.
    subprocess.run([*ruff, "check", "-q", "--fix", "--select", "F401,I,UP", str(out)], check=True)
    subprocess.run([*ruff, "format", "-q", str(out)], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
