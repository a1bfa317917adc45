"""The generator: from Swagger to typed Python."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from ari_app.ari.generate import main
from ari_app.errors import ConfigError
from tests.support.observer import CACHE

TEXT = {"type": "string", "required": True}
NOSE = {"from": TEXT, "holes": {"type": "List[string]"}, "size": {"type": "double"}}
BLOW = [
    {"name": "hard", "paramType": "query", "dataType": "boolean"},
    {"name": "from", "paramType": "query", "dataType": "string", "required": True},
    {"name": "noseId", "paramType": "path", "dataType": "string"},
    {"name": "variables", "paramType": "body", "dataType": "containers"},
]
SWAGGER: dict[str, Any] = {
    "models": {
        "Message": {"subTypes": ["Event"], "properties": {"type": TEXT}},
        "Event": {"subTypes": ["Sneezed"], "properties": {}},
        "Sneezed": {"properties": {"by": {"type": "Nose", "required": True},
                                   "loud": {"type": "boolean"}}},
        "Nose": {"properties": NOSE},
    },
    "apis": [
        {"path": "/noses/{noseId}", "operations": [
            {"httpMethod": "POST", "nickname": "blow", "responseClass": "Nose",
             "parameters": BLOW}]},
        {"path": "/noses", "operations": [
            {"httpMethod": "GET", "nickname": "list", "responseClass": "List[Nose]"}]},
    ],
}  # fmt: skip


@pytest.fixture
def rest_api(tmp_path: Path) -> Path:
    (tmp_path / "resources.json").write_text('{"apis": [{"path": "/api-docs/noses.{format}"}]}')
    (tmp_path / "noses.json").write_text(json.dumps(SWAGGER))
    return tmp_path


def test_models_events_and_operations(rest_api: Path, tmp_path: Path) -> None:
    main([str(rest_api), str(tmp_path / "out"), "99.1"])
    models, events, operations = (
        (tmp_path / "out" / f"{name}.py").read_text() for name in ("models", "events", "operations")
    )
    assert "from Asterisk 99.1; do not edit" in models.splitlines()[0]
    for part in ("class Nose:", "from_: str\n", "holes: tuple[str, ...]", "size: float | None"):
        assert part in models
    for part in (
        "class Sneezed(Event):",
        "by: Nose\n",
        "loud: bool | None",
        '"Sneezed": Sneezed.parse',
    ):
        assert part in events
    assert "class Nose" not in events
    assert "async def list(self) -> tuple[models.Nose, ...]:" in operations
    signature = next(
        node for node in ast.walk(ast.parse(operations))
        if isinstance(node, ast.AsyncFunctionDef) and node.name == "blow"
    ).args  # fmt: skip
    assert [argument.arg for argument in signature.kwonlyargs] == [
        "from_",
        "noseId",
        "hard",
        "variables",
    ]
    assert [default is not None for default in signature.kw_defaults] == [False, False, True, True]


def test_a_folder_that_is_not_asterisks_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="rest-api"):
        main([str(tmp_path), str(tmp_path / "out"), "1"])
    with pytest.raises(SystemExit, match="usage"):
        main([])


def test_the_pbx_at_hand_can_be_generated_from(tmp_path: Path) -> None:
    """Whatever version the sandbox unpacked: the generator still understands all of it."""
    found = list(CACHE.parent.glob("sandbox/root/usr/share/asterisk/rest-api"))
    if not found:
        pytest.skip("no Asterisk was unpacked into var/")
    main([str(found[0]), str(tmp_path), "at hand"])
    written = (tmp_path / "operations.py").read_text()
    listed = sum(path.read_text().count('"nickname"') for path in found[0].glob("*.json"))
    assert written.count(" Request(") >= listed >= 109
