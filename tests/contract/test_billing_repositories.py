"""Terms, months, statements, adjustments and runs: the same against Firestore and in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.followers import FirestoreFollowers
from shared.adapters.firestore.monthly_pnl import FirestoreMonthlyPnl
from shared.adapters.firestore.report_runs import FirestoreReportRuns
from shared.adapters.firestore.reports import FirestoreReports
from shared.adapters.firestore.sessions import FirestoreSessions
from shared.adapters.firestore.statements import FirestoreStatements
from shared.adapters.firestore.terms import FirestoreTerms, terms_path
from shared.domain.errors import Conflict, NotFound
from shared.domain.followers import FollowerId
from shared.domain.months import Month
from shared.domain.reports import Report, monthly_report_id, succeeding
from shared.domain.session_record import Finality, SessionRecord
from shared.domain.statements import StatementState, moved_to
from shared.ports.documents import Create, Documents, Replace
from shared.ports.report_runs import ReportProgress
from tests.billing import ISSUED_AT, BillingDesk
from tests.builders import SESSION_DATE, a_follower
from tests.months import NOVEMBER, a_month, terms

ANNA = FollowerId("anna")


def test_terms_are_read_by_follower_oldest_first(documents: Documents) -> None:
    desk = BillingDesk(documents)
    later, first = terms("0.15", since="2026-11"), terms("0.20", since="2026-03")
    desk.agree("anna", later, first)
    desk.agree("berta", first)
    book = FirestoreTerms(documents)
    assert book.all() == {"anna": (first, later), "berta": (first,)}
    assert book.of(ANNA) == (first, later)
    assert book.of(FollowerId("nobody")) == ()


def test_terms_that_cannot_be_read_leave_their_follower_without_and_nobody_else(
    documents: Documents,
) -> None:
    desk = BillingDesk(documents)
    desk.agree("anna", terms(), terms(since="2026-11", multiplier="0.5"))
    desk.agree("berta", terms(since="2026-02", multiplier="0.4"))
    desk.put("followers/anna/terms/2026-12", {"from_month": "2026-12", "commission_ratio": "2"})
    assert set(FirestoreTerms(documents).all()) == {"berta"}
    (berta,) = FirestoreFollowers(documents).in_force("2026-11-23")
    assert (berta.follower_id, berta.multiplier_ratio) == ("berta", Decimal("0.4"))


def test_a_multiplier_is_in_force_from_its_month_on(documents: Documents) -> None:
    path = terms_path(ANNA, terms(since="2026-11", multiplier="0.4"))
    follower = a_follower("anna")
    documents.commit(
        [
            Create(path="followers/anna", data=encode(follower)),
            Create(path=path, data=encode(terms(since="2026-11", multiplier="0.4"))),
        ]
    )
    book = FirestoreFollowers(documents)
    assert book.in_force("2026-10-30") == (follower,)
    assert book.in_force("2026-11-02") == (replace(follower, multiplier_ratio=Decimal("0.4")),)


def test_months_are_read_by_month_and_by_follower(documents: Documents) -> None:
    book = FirestoreMonthlyPnl(documents)
    october, november = a_month("-3", month="2026-10"), a_month("5")
    berta = a_month("7", who="berta")
    book.write([november, october, berta])
    assert book.of_month(NOVEMBER) == (november, berta)
    assert book.of_follower(ANNA) == (october, november)
    book.write([replace(november, trades=9)])
    assert book.of_month(NOVEMBER)[0].trades == 9


def test_statements_are_issued_and_moved_on_as_in_memory(documents: Documents) -> None:
    desk = BillingDesk(documents)
    desk.agree("anna", terms())
    desk.agree("berta", terms())
    desk.roll_up(a_month("100", month="2026-10"), a_month("-1", month="2026-10", who="berta"))
    desk.issue("2026-10")
    assert desk.numbers("2026-10") == ["SP-2026-000001", "SP-2026-000002"]
    desk.roll_up(a_month("130", month="2026-10"), a_month("50"))
    assert desk.issue("2026-10").adjusted == 1
    desk.issue()
    november = desk.of("anna")
    assert (november.due, november.number) == (Decimal(16), "SP-2026-000003")
    assert desk.adjustments.waiting() == ()
    sent = replace(moved_to(november, StatementState.SENT), sent_on="2026-12-07")
    desk.statements.replace(sent, before=november)
    with pytest.raises(Conflict, match="changed meanwhile"):
        desk.statements.replace(sent, before=november)
    assert FirestoreStatements(documents).of_follower(ANNA)[-1] == sent


def test_a_session_becomes_final_and_can_be_reopened(documents: Documents) -> None:
    sessions = FirestoreSessions(documents)
    with pytest.raises(NotFound):
        sessions.make_final(SESSION_DATE, ISSUED_AT)
    record = SessionRecord(
        session_date=SESSION_DATE, open_at=ISSUED_AT, close_at=ISSUED_AT + timedelta(hours=6)
    )
    sessions.open(record)
    sessions.note_waiting(SESSION_DATE, ["DU1: no fee for execution x"])
    assert sessions.read(SESSION_DATE) == replace(
        record, waits_for=("DU1: no fee for execution x",)
    )
    sessions.make_final(SESSION_DATE, ISSUED_AT)
    assert sessions.read(SESSION_DATE) == replace(
        record, finality=Finality.FINAL, final_at=ISSUED_AT
    )
    sessions.reopen(SESSION_DATE, "reopened by ada: a bust")
    assert sessions.read(SESSION_DATE) == replace(record, waits_for=("reopened by ada: a bust",))


def test_a_reports_earlier_versions_are_kept(documents: Documents) -> None:
    reports = FirestoreReports(documents)
    first = Report(
        report_id=monthly_report_id(NOVEMBER, ANNA),
        period=NOVEMBER,
        figures_sha256="a" * 64,
        as_of=ISSUED_AT,
        files=(),
        link_nonce="n1",
        follower_id=ANNA,
    )
    reports.switch_to(succeeding(first, None))
    second = replace(first, figures_sha256="b" * 64, statement_number="SP-2026-000001")
    reports.switch_to(succeeding(second, reports.get(first.report_id)))
    stored = reports.get(first.report_id)
    assert stored is not None
    assert [one.figures_sha256 for one in stored.earlier] == ["a" * 64]
    assert reports.of_period(NOVEMBER) == (stored,)
    assert reports.of_period("2026-10") == ()


def test_a_runs_progress_is_told_by_task(documents: Documents) -> None:
    runs = FirestoreReportRuns(documents)
    progress = ReportProgress(
        month=NOVEMBER,
        task=1,
        tasks=2,
        total=150,
        written=20,
        unchanged=0,
        failed=0,
        at=ISSUED_AT,
    )
    runs.note(progress)
    runs.note(replace(progress, task=0))
    runs.note(replace(progress, written=40))
    assert runs.of_month(NOVEMBER) == (
        replace(progress, task=0),
        replace(progress, written=40),
    )
    assert runs.of_month(Month("2026-10")) == ()


def test_everybodys_name_is_known_whoever_has_left(documents: Documents) -> None:
    archived = {**encode(a_follower("anna")), "state": "archived", "name": "Anna"}
    documents.commit([Replace(path="followers/anna", data=archived)])
    book = FirestoreFollowers(documents)
    assert book.all() == ()
    assert book.names() == {"anna": "Anna"}
