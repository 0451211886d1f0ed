"""The lock files: all pinned with hashes, and nothing that names a place to download from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = ("requirements.txt", "requirements-dev.txt", "requirements-ib-async.txt")
PIN = re.compile(
    r"(?P<name>[a-z0-9-]+)(?P<extras>\[[a-z0-9,-]+\])?==(?P<version>[^ ]+)(?P<marker> ; .+)?"
)
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
PROMISED = (
    "functions-framework",
    "google-cloud-firestore",
    "google-cloud-pubsub",
    "google-cloud-scheduler",
    "google-cloud-secret-manager",
    "google-cloud-storage",
    "gspread",
    "ib-insync",
    "openpyxl",
    "reportlab",
    "requests",
    "sendgrid",
    "tzdata",
)


def _entries(name: str) -> list[list[str]]:
    """Each entry as the words of its logical line, continuation lines joined, comments gone."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    logical = text.replace("\\\n", " ").splitlines()
    return [re.split(r"\s+(?=--hash)", line.strip()) for line in logical if line.strip()]


def _pins(name: str) -> dict[tuple[str, str], str]:
    """Version by package name and environment marker."""
    found = {}
    for requirement, *_ in _entries(name):
        pin = PIN.fullmatch(requirement.strip())
        assert pin is not None, f"{name}: {requirement}"
        found[pin["name"], pin["marker"] or ""] = pin["version"]
    return found


@pytest.mark.parametrize("name", FILES)
def test_every_entry_is_pinned_with_hashes_and_nothing_else(name: str) -> None:
    entries = _entries(name)
    assert entries
    for requirement, *hashes in entries:
        assert PIN.fullmatch(requirement.strip()), requirement
        assert hashes, f"{requirement} has no hash"
        assert all(HASH.fullmatch(word.strip()) for word in hashes), requirement


@pytest.mark.parametrize("name", FILES)
def test_no_option_line_and_no_address_anywhere(name: str) -> None:
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        assert not line.startswith("-"), line
        assert "://" not in line, line
        assert " @ " not in line, line


@pytest.mark.parametrize("package", PROMISED)
def test_what_the_runtimes_stand_on_is_in_requirements(package: str) -> None:
    assert package in {name for name, _ in _pins("requirements.txt")}


def test_pytest_is_a_development_tool_alone() -> None:
    assert "pytest" in {name for name, _ in _pins("requirements-dev.txt")}
    assert "pytest" not in {name for name, _ in _pins("requirements.txt")}


def test_the_two_client_libraries_are_never_installed_together() -> None:
    files = {name: {package for package, _ in _pins(name)} for name in FILES}
    for packages in files.values():
        assert len(packages & {"ib-insync", "ib-async"}) <= 1
        assert len(packages & {"eventkit", "aeventkit"}) <= 1
    assert "ib-async" in files["requirements-ib-async.txt"]


def test_development_has_the_versions_that_run_in_the_cloud() -> None:
    cloud, development = _pins("requirements.txt"), _pins("requirements-dev.txt")
    assert cloud.items() <= development.items()
