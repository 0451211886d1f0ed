"""The page of known failures: each names a test that exists, and none is forgotten."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "known-failures.md").read_text(encoding="utf-8")
ROW = re.compile(r"\| (?P<what>[^|]+) \| (?P<source>[^|]+) \| `(?P<file>[^:`]+)::(?P<test>\w+)` \|")
FOLDER = "tests/known_failures"
TRADING_FAULTS_OF_THE_EARLIER_SYSTEM = range(1, 17)
NOT_TOLD_BY_THE_TABLES = {"| What goes wrong | Source | Test |", "|---|---|---|"}


def _tests_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def _rows() -> list[re.Match[str]]:
    lines = [line for line in PAGE.splitlines() if line.startswith("|")]
    rows = []
    for line in lines:
        if line not in NOT_TOLD_BY_THE_TABLES:
            row = ROW.fullmatch(line)
            assert row is not None, line
            rows.append(row)
    return rows


def test_every_test_that_is_named_exists() -> None:
    for row in _rows():
        assert row["test"] in _tests_of(ROOT / row["file"]), row[0]


def test_every_test_of_a_known_failure_is_named() -> None:
    named = {(row["file"], row["test"]) for row in _rows()}
    for path in sorted((ROOT / FOLDER).glob("test_*.py")):
        for test in _tests_of(path):
            assert (f"{FOLDER}/{path.name}", test) in named, f"{path.name}::{test}"


def test_every_trading_fault_of_the_earlier_system_is_answered() -> None:
    told = {
        int(number) for row in _rows() for number in re.findall(r"earlier (\d+)", row["source"])
    }
    assert told >= set(TRADING_FAULTS_OF_THE_EARLIER_SYSTEM)
