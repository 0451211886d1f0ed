"""docs/settings.md says what shared/config.py reads, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field

from shared.config import GROUPS, Environment, Settings
from tests.generators import settings_page


class ExampleSettings(Settings):
    """An example."""

    place: Environment = Field(description="where")
    name: str = Field(min_length=3, description="a or b|c")
    hours: int = Field(default=24, ge=1, le=168, description="how long")
    note: str = Field(default="", description="what else")


def test_the_page_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert settings_page.main(["--check"]) == 0, capsys.readouterr().out


def test_every_variable_has_its_row() -> None:
    page = settings_page.render(GROUPS)
    for group in GROUPS:
        for name, field in group.model_fields.items():
            assert f"| `{name.upper()}` |" in page
            assert field.description, f"{name} has no description"


def test_a_row_tells_values_limits_and_defaults() -> None:
    rows = settings_page.render([ExampleSettings]).splitlines()
    assert "| `PLACE` | `sandbox`, `staging`, `production` | **required** | where |" in rows
    assert "| `NAME` | text, at least 3 characters | **required** | a or b/c |" in rows
    assert "| `HOURS` | whole number, at least 1, at most 168 | `24` | how long |" in rows
    assert "| `NOTE` | text | empty | what else |" in rows


def test_a_page_that_differs_is_told_with_the_command_that_mends_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings_page, "PAGE_PATH", tmp_path / "settings.md")
    assert settings_page.main(["--check"]) == 1
    assert "python -m tests.generators.settings_page" in capsys.readouterr().out
    assert settings_page.main([]) == 0
    assert settings_page.main(["--check"]) == 0
