"""Whole months, from the fills to the bank's answer, as a person runs them."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.months import BilledFollower, PlayedMonth, run_month
from tests.sandbox.blueprint import ROOT

USUAL = ("--followers", "6", "--month", "2026-10", "--seed", "7", "--sessions", "6")


@pytest.fixture(scope="module")
def usual_month(tmp_path_factory: pytest.TempPathFactory) -> PlayedMonth:
    """Six followers, each with something of his own, and the last six sessions of a month."""
    return run_month(tmp_path_factory.mktemp("month"), USUAL)


def follower(month: PlayedMonth, number: int) -> BilledFollower:
    """A follower, counted from 1."""
    return month.summary["followers"][number - 1]


def test_every_check_of_the_month_holds(usual_month: PlayedMonth) -> None:
    assert usual_month.status == 0, usual_month.output
    assert usual_month.failed_checks() == []
    assert "Traceback" not in usual_month.output


def test_whoever_owes_euros_under_a_mandate_has_paid_and_nobody_else(
    usual_month: PlayedMonth,
) -> None:
    paid = [one["id"] for one in usual_month.summary["followers"] if one["state"] == "paid"]
    assert paid == [
        one["id"]
        for one in (follower(usual_month, 1), follower(usual_month, 6))
        if Decimal(one["due"] or "0")
    ]
    assert paid


def test_without_terms_nothing_is_billed_and_nothing_is_mailed(usual_month: PlayedMonth) -> None:
    without = follower(usual_month, 4)
    assert (without["state"], without["held_reason"]) == ("held", "NO_TERMS")
    assert (without["statement"], without["mails"]) == ("", [])
    assert set(without["files"]) == {"pdf", "xlsx"}


def test_without_an_address_nothing_is_mailed_and_people_are_told(usual_month: PlayedMonth) -> None:
    assert follower(usual_month, 5)["mails"] == []
    assert follower(usual_month, 5)["statement"]
    assert usual_month.summary["alerts"]["REPORT_FAILED"] >= 1


def test_every_mail_was_delivered_once(usual_month: PlayedMonth) -> None:
    for one in usual_month.summary["followers"]:
        assert set(Counter(one["mails"]).values()) <= {1}
        assert all(mail.endswith(" delivered") for mail in one["mails"])


def test_nobody_shares_a_file_with_another(usual_month: PlayedMonth) -> None:
    hashes = [sha for one in usual_month.summary["followers"] for sha in one["files"].values()]
    assert len(hashes) == len(set(hashes)) == 12


def test_the_readme_shows_this_months_bill(usual_month: PlayedMonth) -> None:
    block = (ROOT / "README.md").read_text().split("<!-- month-output: ")[1]
    rows = [line.rstrip() for line in block.splitlines() if line.startswith(" f-0")]
    told = usual_month.output.splitlines()
    assert rows == [line.rstrip() for line in told if line.startswith(" f-0")]


def test_a_report_run_that_is_killed_is_completed_once_each(tmp_path: Path) -> None:
    drill = run_month(tmp_path, ("--fault", "reports-killed"))
    assert drill.status == 0, drill.output
    assert drill.failed_checks() == []
    assert drill.holds("some reports are missing at first")
