"""Monthly reports: shared by tasks, once each, whatever dies; no figure is anybody else's."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shared.adapters.firestore.report_runs import FirestoreReportRuns
from shared.domain.errors import InvalidInput
from shared.domain.followers import FollowerId
from shared.domain.months import Month
from shared.domain.session_record import Finality
from shared.ports.documents import Documents
from shared.use_cases.write_monthly_reports import Share
from tests.fakes.dying_documents import Died, DyingDocuments
from tests.months import NOVEMBER, a_month, terms
from tests.reporting import ReportingDesk


def test_everybody_gets_a_report_of_his_own_under_the_hash_of_his_figures() -> None:
    desk = ReportingDesk()
    done = desk.report()
    assert (done.written, done.unchanged, done.failed) == (3, 0, ())
    for who in ("anna", "berta", "carla"):
        report = desk.report_of(who)
        (file,) = report.files
        assert report.statement_number == desk.of(who).number
        assert file.name == (
            f"monthly/2026-11/{who}/{report.figures_sha256[:16]}/spreadpilot-2026-11-{who}.pdf"
        )
        assert who in desk.files.get(file.name).decode()


def test_a_repeat_renders_nothing_and_writes_nothing() -> None:
    desk = ReportingDesk()
    desk.report()
    rendered = len(desk.renderer.rendered)
    again = desk.report()
    assert (again.written, again.unchanged) == (0, 3)
    assert len(desk.renderer.rendered) == rendered


def test_tasks_share_the_followers_so_that_each_is_taken_once() -> None:
    desk = ReportingDesk()
    written = [desk.report(index=index, count=2).written for index in range(2)]
    assert written == [2, 1]
    assert sorted(desk.renderer.rendered) == ["anna", "berta", "carla"]
    progress = FirestoreReportRuns(desk.documents).of_month(NOVEMBER)
    assert [(one.task, one.total, one.written) for one in progress] == [(0, 2, 2), (1, 1, 1)]


def writes_of_a_run() -> int:
    desk = ReportingDesk()
    counting = DyingDocuments(desk.documents)
    desk.documents = counting
    desk.report()
    return counting.writes


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("at", range(writes_of_a_run()))
def test_a_run_that_dies_is_completed_once_each(at: int, applied: bool) -> None:
    desk = ReportingDesk()
    living: Documents = desk.documents
    desk.documents = DyingDocuments(living, at=at, applied=applied)
    with pytest.raises(Died):
        desk.report()
    desk.documents = living
    done = desk.report()
    assert done.written + done.unchanged == 3
    assert done.failed == ()
    assert len(desk.files.stored) == 3
    assert all(desk.report_of(who).earlier == () for who in ("anna", "berta", "carla"))


def test_one_followers_failure_is_named_and_stops_nobody() -> None:
    desk = ReportingDesk()
    desk.files.failures = 1
    done = desk.report()
    ((who, why),) = done.failed
    assert (who, done.written) == ("anna", 2)
    assert "503" in why
    (alert,) = desk.alarm.raised
    assert (alert.alert_type, alert.follower_id) == ("REPORT_FAILED", "anna")
    assert "503: try again" in alert.message
    assert desk.report().written == 1
    assert desk.report_of("anna").files


def test_an_issued_report_stays_and_a_later_difference_goes_on_the_next_statement() -> None:
    desk = ReportingDesk()
    desk.report()
    issued = desk.report_of("anna")
    desk.roll_up(a_month("150"))
    assert desk.issue().adjusted == 1
    assert desk.report().written == 0
    assert desk.report_of("anna") == issued


def test_a_provisional_report_gives_way_and_its_version_is_kept() -> None:
    desk = ReportingDesk()
    desk.roll_up(a_month("10", month="2026-10", finality=Finality.PROVISIONAL))
    desk.issue("2026-10")
    desk.report("2026-10")
    first = desk.report_of("anna", "2026-10")
    assert first.statement_number == ""
    desk.roll_up(a_month("12", month="2026-10"))
    desk.issue("2026-10")
    desk.report("2026-10")
    second = desk.report_of("anna", "2026-10")
    assert second.statement_number == desk.of("anna", "2026-10").number
    assert second.earlier == (first.version,)
    assert first.link_nonce != second.link_nonce, "links to what was replaced have ended"
    assert {one.name for one in first.files} <= set(desk.files.stored)


def test_one_follower_alone_can_be_asked_for() -> None:
    desk = ReportingDesk()
    assert desk.report(only="berta").written == 1
    assert desk.renderer.rendered == ["berta"]


def test_a_month_that_nobody_rolled_up_is_refused() -> None:
    desk = ReportingDesk()
    with pytest.raises(InvalidInput, match="roll it up first"):
        desk.report("2026-09")
    with pytest.raises(InvalidInput, match="zoe has figures"):
        desk.report(only="zoe")


def test_without_a_statement_the_report_of_that_follower_fails_by_name() -> None:
    desk = ReportingDesk()
    desk.agree("dora", terms())
    desk.roll_up(a_month("5", who="dora"))
    ((who, why),) = desk.report().failed
    assert who == "dora"
    assert "compute it" in why


@pytest.mark.parametrize(("index", "count"), [(1, 1), (-1, 2), (4, 4)])
def test_a_share_that_does_not_exist_is_refused(index: int, count: int) -> None:
    with pytest.raises(InvalidInput, match="tasks"):
        Share(index=index, count=count)


def test_a_follower_without_bank_details_or_address_still_gets_his_report() -> None:
    desk = ReportingDesk()
    desk.agree("dora", terms())
    desk.roll_up(a_month("5", who="dora"))
    desk.issue()
    assert desk.report(only="dora").failed == ()
    statement = desk.statements.get(Month("2026-11"), FollowerId("dora"))
    assert statement is not None
    assert statement.due == Decimal(1)
