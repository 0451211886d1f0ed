"""Whoever is woken by an alert finds its entry: what it means, what to check, what to do."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.domain.alerts import Alert, AlertType

RUNBOOK = Path(__file__).resolve().parents[2] / "docs" / "runbook.md"


def _entries() -> dict[str, str]:
    _, *sections = re.split(r"^## ", RUNBOOK.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {heading: body for heading, _, body in (one.partition("\n") for one in sections)}


@pytest.mark.parametrize("alert_type", AlertType)
def test_every_alert_has_its_entry(alert_type: AlertType) -> None:
    alert = Alert(
        alert_type=alert_type,
        subject="anything",
        message="",
        session_date="2026-11-23",
        raised_at=datetime(2026, 11, 23, tzinfo=UTC),
    )
    body = _entries()[alert.runbook_anchor]
    for part in ("**Means.**", "**Check.**", "**Do.**"):
        assert body.count(part) == 1, f"{alert.runbook_anchor} needs one {part}"


def test_no_entry_is_left_of_an_alert_that_is_gone() -> None:
    assert set(_entries()) == {str(alert_type).lower() for alert_type in AlertType}
