import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from shared.domain.alerts import Alert, AlertType
from shared.domain.canonical import canonical_json
from shared.domain.day_summary import DaySummary, figures_sha256, spread_words
from shared.domain.money import ZERO
from shared.domain.session_record import Finality
from shared.domain.spreads import Strategy
from tests.booked_day import CLOSE_AT, NOON, OPEN_AT, ROLLED_UP_AT
from tests.builders import a_spread
from tests.summaries import days, record, summary_of

ALERT = Alert(
    alert_type=AlertType.LIMIT_REACHED,
    subject="2026-11-27-QQQ-1",
    message="The rest was canceled.",
    session_date="2026-11-27",
    raised_at=OPEN_AT + timedelta(minutes=1),
)


def test_the_rows_say_how_each_order_ended() -> None:
    rows = {row.follower_id: row for row in summary_of().rows}
    bruno, carla = rows["bruno"], rows["carla"]
    assert (bruno.name, bruno.state, bruno.reason) == (
        "Bruno <Conti>",
        "partially_filled",
        "LIMIT_REACHED",
    )
    assert (bruno.quantity, bruno.filled_quantity) == (6, 4)
    assert bruno.average_net_price == Decimal("-0.71")
    assert (carla.state, carla.reason, carla.average_net_price) == ("skipped", "NO_AGREEMENT", None)


def test_rows_come_by_name() -> None:
    assert [row.name for row in summary_of().rows] == [
        "Anna Bianchi",
        "Bruno <Conti>",
        "Carla",
        "Dora",
    ]


def test_the_totals_are_the_sums_of_the_rows() -> None:
    totals = summary_of().totals
    assert (totals.followers, totals.traded) == (4, 3)
    assert (totals.quantity, totals.filled_quantity, totals.trades) == (23, 16, 8)
    assert (totals.realized, totals.unrealized) == (Decimal(884), Decimal(136))
    assert (totals.fees, totals.total) == (Decimal("33.8"), Decimal("986.2"))
    assert totals.commission == Decimal("170.56")


def test_the_curve_follows_the_series_and_ends_at_the_result() -> None:
    summary = summary_of()
    assert [(point.at, point.total) for point in summary.curve] == [
        (OPEN_AT, ZERO),
        (OPEN_AT + timedelta(seconds=30), Decimal("1051.2")),
        (NOON, Decimal("958.2")),
        (CLOSE_AT, Decimal("986.2")),
    ]
    assert summary.extremes.high == Decimal("1051.2")
    assert summary.extremes.drawdown == Decimal(93)


def test_missing_marks_are_counted() -> None:
    summary = summary_of()
    assert (summary.due_marks, summary.missing_marks) == (420, 417)


def test_what_was_traded_is_said_as_traders_say_it() -> None:
    assert summary_of().spreads == ("QQQ bull put 585/590",)
    bear = a_spread(strategy=Strategy.SHORT, short_strike="600", width="2.5")
    assert spread_words(bear) == "QQQ bear call 600/602.5"


def test_as_of_is_when_the_figures_were_last_rolled_up() -> None:
    later = [replace(days()[0], rolled_up_at=ROLLED_UP_AT + timedelta(hours=1)), *days()[1:]]
    assert summary_of().as_of == ROLLED_UP_AT
    assert summary_of(days=later).as_of == ROLLED_UP_AT + timedelta(hours=1)


def test_alerts_of_the_roll_up_itself_and_later_are_left_out() -> None:
    alerts = [replace(ALERT, raised_at=ROLLED_UP_AT), ALERT]
    assert [alert.raised_at for alert in summary_of(alerts=alerts).alerts] == [ALERT.raised_at]


def test_a_session_in_which_nobody_had_anything_has_a_summary() -> None:
    summary = summary_of(days=[], orders=[], record=None)
    assert (summary.rows, summary.spreads, summary.as_of) == ((), (), CLOSE_AT)
    assert summary.totals.total == ZERO
    assert summary.finality is Finality.PROVISIONAL


def test_a_follower_whose_name_is_gone_is_shown_by_his_id() -> None:
    assert [row.name for row in summary_of(names={}).rows] == ["anna", "bruno", "carla", "dora"]


def test_canonical_figures_are_exact_text() -> None:
    figures = json.loads(canonical_json(summary_of()))
    assert figures["totals"]["total"] == "986.2"
    assert figures["as_of"] == "2026-11-27T21:30:00+00:00"
    assert figures["rows"][0]["average_net_price"] == "-0.75"


def test_equal_figures_hash_alike_however_they_are_written() -> None:
    plain = summary_of()
    spelled = replace(
        plain,
        totals=replace(plain.totals, total=Decimal("986.200000"), unrealized=Decimal("1.36e2")),
    )
    assert figures_sha256(spelled) == figures_sha256(plain)
    assert figures_sha256(plain) == hashlib.sha256(canonical_json(plain).encode()).hexdigest()


def test_any_other_figure_hashes_otherwise() -> None:
    plain = summary_of()
    others: list[DaySummary] = [
        replace(plain, finality=Finality.FINAL),
        replace(plain, missing_marks=1),
        replace(plain, totals=replace(plain.totals, fees=Decimal("33.81"))),
        summary_of(alerts=[ALERT]),
        summary_of(record=replace(record(), gaps=())),
    ]
    assert len({figures_sha256(one) for one in [plain, *others]}) == 6
