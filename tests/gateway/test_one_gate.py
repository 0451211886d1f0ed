"""Every broker write goes through the gate: no other code of the gateway can reach a broker."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

GATEWAY = Path(__file__).resolve().parents[2] / "gateway"
SOURCES = {
    path.name: ast.parse(path.read_text(encoding="utf-8"))
    for path in GATEWAY.rglob("*.py")
    if GATEWAY / "simulator" not in path.parents
}
WRITES = {"place", "cancel", "exercise"}


def imports_of(tree: ast.Module) -> set[str]:
    """Names that a module imports, with the module they are from."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.update(f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
    return found


@pytest.mark.parametrize(
    ("imported", "importers"),
    [
        ("gateway.broker.ibkr_broker.IbkrBroker", {"login_wiring.py"}),
        ("ib_insync", {"ibkr_broker.py"}),
    ],
)
def test_the_broker_adapter_is_known_only_where_it_is_put_behind_its_gate(
    imported: str, importers: set[str]
) -> None:
    found = {name for name, tree in SOURCES.items() if imported in imports_of(tree)}
    assert found == importers


def test_a_connection_leaves_its_maker_only_behind_its_gate() -> None:
    """The maker's one use of a new broker besides counting its bytes is the gate's argument."""
    made = [
        ast.unparse(node)
        for node in ast.walk(SOURCES["login_wiring.py"])
        if isinstance(node, ast.Name) and node.id == "broker" and isinstance(node.ctx, ast.Load)
    ]
    (maker,) = [
        node
        for node in ast.walk(SOURCES["login_wiring.py"])
        if isinstance(node, ast.FunctionDef) and node.name == "_gate"
    ]
    assert "return WriteGate(self._seam(broker), rules, pacer)" in ast.unparse(maker)
    assert ast.unparse(maker).count("broker") - ast.unparse(maker).count("IbkrBroker") <= 3
    assert made


def test_only_the_gate_writes_to_what_is_behind_it() -> None:
    """Nobody else calls a write on something that he calls `_broker` or reaches through a gate."""
    for name, tree in SOURCES.items():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            owner = ast.unparse(node.func.value)
            if node.func.attr in WRITES and owner.endswith("._broker"):
                assert name == "write_gate.py", f"{name}: {ast.unparse(node)}"
