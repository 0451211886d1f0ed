"""Every stored figure can be traced back to fills, and one that was changed is found."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from decimal import Decimal

import pytest

from shared.adapters.firestore.daily_pnl import FirestoreDailyPnl
from shared.adapters.firestore.fills import FirestoreFills
from shared.adapters.firestore.monthly_pnl import FirestoreMonthlyPnl
from shared.adapters.firestore.positions import FirestorePositions
from shared.adapters.firestore.reports import FirestoreReports
from shared.adapters.session_table import session_table
from shared.domain.errors import NotFound
from shared.domain.followers import FollowerId
from shared.domain.money import to_micros
from shared.domain.months import Month
from shared.domain.reports import Report, ReportFile, monthly_report_id
from shared.ports.documents import Update
from shared.ports.files import StoredFile
from shared.use_cases.explain_month import ExplainPorts, explain
from shared.use_cases.verify_month import Verified, VerifyPorts, verify_month
from tests.builders import SESSION_DATE
from tests.fakes.files import InMemoryFiles
from tests.settling import MONDAY, SettlementDesk
from tests.statements_of_broker import leg_fills
from tests.unit.test_settle_sessions import SECOND_BUSINESS_DAY

ANNA = FollowerId("anna")
NOVEMBER = Month("2026-11")


class Traced:
    """A settled and billed month, and those who look at it again."""

    def __init__(self) -> None:
        self.desk = SettlementDesk()
        self.desk.open("2026-11-30")
        self.desk.clock.set(SECOND_BUSINESS_DAY)
        self.desk.settle()
        self.files = InMemoryFiles()

    def verify(self, only: FollowerId | None = None) -> Verified:
        ports = self.desk.ports()
        return verify_month(
            VerifyPorts(
                days=ports.days,
                monthly_pnl=ports.statements.monthly_pnl,
                statements=ports.statements.statements,
                adjustments=ports.statements.adjustments,
                reports=ports.reports,
                files=self.files,
            ),
            month=NOVEMBER,
            only=only,
        )

    def explain(self, who: FollowerId = ANNA) -> list[str]:
        documents, ports = self.desk.documents, self.desk.ports()
        return explain(
            ExplainPorts(
                table=session_table(),
                fills=FirestoreFills(documents),
                positions=FirestorePositions(documents),
                daily_pnl=FirestoreDailyPnl(documents),
                monthly_pnl=FirestoreMonthlyPnl(documents),
                statements=ports.statements.statements,
                adjustments=ports.statements.adjustments,
            ),
            month=NOVEMBER,
            follower_id=who,
        )

    def change(self, path: str, field: str, amount: str) -> None:
        fields: dict[str, object] = {field: to_micros(Decimal(amount))}
        self.desk.documents.commit([Update(path=path, fields=fields)])


def test_an_untouched_month_is_verified_without_a_deviation() -> None:
    verified = Traced().verify()
    assert verified.deviations == ()
    assert verified.followers == 1
    assert verified.figures == 5 + 5 + 7 + 1, "a day, the month, the waterfall, what is billed"


@pytest.mark.parametrize(
    ("path", "field", "what"),
    [
        (f"pnl_daily/{SESSION_DATE}~anna", "realized_micros", f"{SESSION_DATE}: realized"),
        ("pnl_monthly/2026-11~anna", "fees_micros", "2026-11: fees"),
        ("commission_monthly/2026-11~anna", "commission_billed_micros", "statement: billed"),
    ],
)
def test_a_figure_that_somebody_changed_is_named(path: str, field: str, what: str) -> None:
    traced = Traced()
    traced.change(path, field, "1.00")
    (deviation,) = traced.verify().deviations
    assert (deviation.follower_id, deviation.what, deviation.stored) == (ANNA, what, "1.00")


def test_a_fill_that_somebody_changed_shows_in_every_figure_it_led_to() -> None:
    traced = Traced()
    traced.change(f"fills/{leg_fills()[0].exec_id}", "price_micros", "1.00")
    named = {one.what for one in traced.verify(ANNA).deviations}
    assert f"{SESSION_DATE}: realized" in named
    assert "2026-11: total" in named
    assert "statement SP-2026-000001: change not noted" in named


def test_a_file_that_is_not_what_its_document_says_is_named() -> None:
    traced = Traced()
    file = ReportFile(
        name="monthly/a.pdf",
        content_type="application/pdf",
        sha256=hashlib.sha256(b"issued").hexdigest(),
    )
    traced.files.put(
        StoredFile(name=file.name, content_type=file.content_type, data=b"issued"), if_absent=True
    )
    report = Report(
        report_id=monthly_report_id(NOVEMBER, ANNA),
        period=NOVEMBER,
        figures_sha256="a",
        as_of=MONDAY,
        files=(file, replace(file, name="monthly/gone.xlsx")),
        link_nonce="n",
        follower_id=ANNA,
    )
    FirestoreReports(traced.desk.documents).switch_to(report)
    (deviation,) = traced.verify().deviations
    assert (deviation.what, deviation.recomputed) == ("file monthly/gone.xlsx", "")


def test_an_explanation_leads_from_the_fills_to_what_is_due() -> None:
    text = "\n".join(Traced().explain())
    for line in (
        "anna, November 2026",
        "17:00:00Z bought 5 QQQ 2026-11-27 585 put at 1.10, fee 3.25; then +5 at 1.10",
        "17:00:00Z sold 5 QQQ 2026-11-27 590 put at 1.95, fee 3.25; then -5 at 1.95",
        "closes for +975.00; flat",
        "fills: realized +425.00 - fees 6.50 = +418.50",
        "agrees with the fills",
        "total +418.50 = realized +425.00 + unrealized 0.00 - fees 6.50",
        "Commission (issued, SP-2026-000001)",
        "base 418.50 x 20% = 83.70 USD",
        "due 83.70 USD",
    ):
        assert line in text, text


def test_an_explanation_says_where_the_books_differ_from_the_fills() -> None:
    traced = Traced()
    traced.change(f"pnl_daily/{SESSION_DATE}~anna", "realized_micros", "1.00")
    assert "DIFFERS FROM THE FILLS" in "\n".join(traced.explain())


def test_of_somebody_unknown_nothing_is_explained() -> None:
    with pytest.raises(NotFound, match="nothing of nobody"):
        Traced().explain(FollowerId("nobody"))
