"""Every verb of `python -m jobs` is a module that says its arguments and runs."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

import pytest

from jobs.__main__ import VERBS, WRONG_INPUT, main

_FOLDER = Path(__file__).resolve().parents[2] / "jobs"
_NO_VERBS = {"__init__", "__main__", "link_terms", "payment_words"}


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_a_module_with_arguments_and_run(verb: str) -> None:
    job = importlib.import_module(f"jobs.{verb.replace('-', '_')}")
    parser = argparse.ArgumentParser(prog=verb)
    job.arguments(parser)
    assert callable(job.run)
    assert (job.__doc__ or "").startswith(f"{verb}:"), "its first word is its verb"


def test_no_job_lies_there_that_nobody_can_ask_for() -> None:
    modules = {path.stem for path in _FOLDER.glob("*.py")} - _NO_VERBS
    assert modules == {verb.replace("-", "_") for verb in VERBS}


@pytest.mark.parametrize("arguments", [[], ["dance"]])
def test_without_a_verb_that_exists_all_of_them_are_listed(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == WRONG_INPUT
    assert "python -m jobs" in capsys.readouterr().err


def test_help_lists_every_verb_with_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert all(verb in shown and words in shown for verb, words in VERBS.items())


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["roll-up", "--month", "2026-13"], "--month"),
        (["roll-up", "--date", "2026-11-31"], "--date"),
        (["explain", "--follower", "f-0001", "--month", "last"], "--month"),
    ],
)
def test_a_wrong_argument_is_named(
    arguments: list[str],
    field: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ENVIRONMENT", "sandbox")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "demo-test")
    assert main(arguments) == WRONG_INPUT
    assert field in capsys.readouterr().out
