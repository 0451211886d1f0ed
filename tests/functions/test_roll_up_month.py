"""roll_up_month as the functions framework serves it, against the real database."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.daily_pnl import FirestoreDailyPnl
from shared.adapters.firestore.monthly_pnl import FirestoreMonthlyPnl
from shared.adapters.firestore.sessions import FirestoreSessions
from shared.adapters.firestore.statements import FirestoreStatements
from shared.adapters.firestore.terms import terms_path
from shared.domain.followers import FollowerId
from shared.domain.session_record import Finality, SessionRecord
from shared.domain.statements import StatementState
from shared.ports.documents import Replace
from tests.fakes.clock import ManualClock
from tests.functions.outside import Outside
from tests.months import NOVEMBER, a_day, terms

AT_TEN_PAST = datetime(2026, 12, 1, 5, 10, tzinfo=UTC)
ANNA = FollowerId("anna")


def test_at_ten_past_midnight_the_month_before_is_summed_up_provisionally(world: Outside) -> None:
    agreed = terms()
    world.documents.commit([Replace(path=terms_path(ANNA, agreed), data=encode(agreed))])
    FirestoreSessions(world.documents).open(
        SessionRecord(session_date="2026-11-30", open_at=AT_TEN_PAST, close_at=AT_TEN_PAST)
    )
    FirestoreDailyPnl(world.documents).write(
        [
            a_day("100", date="2026-11-27", finality=Finality.FINAL),
            a_day("-30", date="2026-11-30", finality=Finality.PROVISIONAL),
        ]
    )
    with world.function("roll_up_month", ManualClock(AT_TEN_PAST)) as function:
        assert function.push({}) == 204
        assert function.push({}) == 204
    (month,) = FirestoreMonthlyPnl(world.documents).of_month(NOVEMBER)
    assert (month.total, month.active_days) == (Decimal(70), 2)
    statement = FirestoreStatements(world.documents).get(NOVEMBER, ANNA)
    assert statement is not None
    assert (statement.state, statement.due) == (StatementState.PROVISIONAL, Decimal(14))


def test_a_month_that_is_no_month_or_not_begun_is_refused_and_nothing_is_written(
    world: Outside,
) -> None:
    with world.function("roll_up_month", ManualClock(AT_TEN_PAST)) as function:
        for month in ("November", "2027-01", 11):
            assert function.push({"month": month}) == 204
    assert FirestoreMonthlyPnl(world.documents).of_month(NOVEMBER) == ()
