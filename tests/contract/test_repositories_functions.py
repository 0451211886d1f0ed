"""Repositories of functions and jobs, over memory and over Firestore."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.adapters.firestore.alerts import FirestoreAlertLog
from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.daily_pnl import FirestoreDailyPnl
from shared.adapters.firestore.followers import FirestoreFollowers
from shared.adapters.firestore.marks import FirestoreMarks
from shared.adapters.firestore.orders import FirestorePlannedOrders
from shared.adapters.firestore.quotes import FirestoreQuotes
from shared.adapters.firestore.reports import FirestoreReports
from shared.adapters.firestore.sessions import FirestoreSessions
from shared.adapters.firestore.settings_book import FirestoreSettings
from shared.adapters.firestore.signals import FirestoreSignals
from shared.domain.alert_routing import AlertRecipients
from shared.domain.alerts import Alert, AlertType
from shared.domain.daily_pnl import DayExtent, roll_up
from shared.domain.errors import NotFound
from shared.domain.followers import FollowerId, FollowerState, Login, LoginId
from shared.domain.ladder import LadderRules
from shared.domain.marks import Mark, MarkEntry, QuoteUsed
from shared.domain.options import ContractKey
from shared.domain.orders import OrderState, opening_order_id
from shared.domain.pnl import ProfitAndLoss
from shared.domain.reports import Report, ReportFile, daily_report_id
from shared.domain.session_record import Finality
from shared.domain.signals import SignalState
from shared.domain.trading_settings import TradingSettings
from shared.ports.documents import Create, Documents, Replace, Update
from tests.builders import NOON, SESSION_DATE, SIGNAL_ID, a_contract, a_follower, a_quote, an_order
from tests.contract.records import RECORD, a_signal


def a_mark(slot: int, part: int = 0) -> Mark:
    return Mark(
        session_date=SESSION_DATE,
        slot=slot,
        part=part,
        marked_at=NOON,
        entries={"anna": MarkEntry(realized=Decimal("12.50"), fees=Decimal("1.3"))},
        quotes={
            a_contract("492.5").key: QuoteUsed(
                bid=Decimal("1.00"), ask=Decimal("1.02"), at=NOON, stale=False
            )
        },
        stale=False,
        unmarked=("berta",),
    )


def test_a_session_is_opened_once_and_read_back(documents: Documents) -> None:
    sessions = FirestoreSessions(documents)
    assert sessions.read(SESSION_DATE) is None
    assert sessions.open(RECORD)
    assert not sessions.open(replace(RECORD, shard_of_login={}))
    sessions.note_gaps(SESSION_DATE, [1, 2])
    sessions.note_gaps(SESSION_DATE, [3])
    assert sessions.read(SESSION_DATE) == replace(RECORD, gaps=(3,))


def test_gaps_of_a_session_without_a_document_are_not_found(documents: Documents) -> None:
    with pytest.raises(NotFound):
        FirestoreSessions(documents).note_gaps(SESSION_DATE, [1])


def test_a_ticker_has_one_active_signal_a_session(documents: Documents) -> None:
    signals = FirestoreSignals(documents)
    FirestoreSessions(documents).open(RECORD)
    assert signals.active(SESSION_DATE, "QQQ") is None
    assert signals.record(a_signal(1))
    assert not signals.record(a_signal(1))
    assert not signals.record(a_signal(2))
    assert signals.record(a_signal(1, "BRK.B"))
    assert signals.active(SESSION_DATE, "QQQ") == a_signal(1)
    assert signals.active(SESSION_DATE, "BRK.B") == a_signal(1, "BRK.B")
    assert documents.get(f"signals/{a_signal(2).signal_id}") is None
    opened = FirestoreSessions(documents).read(SESSION_DATE)
    assert opened is not None
    assert opened.active_signals["QQQ"] == SIGNAL_ID


def test_a_signal_needs_its_session(documents: Documents) -> None:
    signals = FirestoreSignals(documents)
    assert signals.active(SESSION_DATE, "QQQ") is None
    with pytest.raises(NotFound):
        signals.record(a_signal())


def test_a_signal_is_verified_and_marked_changed(documents: Documents) -> None:
    signals = FirestoreSignals(documents)
    FirestoreSessions(documents).open(RECORD)
    signals.record(a_signal())
    signals.verify(SIGNAL_ID, NOON)
    signals.mark_changed(SIGNAL_ID)
    assert signals.active(SESSION_DATE, "QQQ") == replace(
        a_signal(), verified_at=NOON, state=SignalState.CHANGED
    )


def test_orders_are_planned_once(documents: Documents) -> None:
    orders = FirestorePlannedOrders(documents)
    anna, berta, carla = (
        replace(
            an_order(),
            order_id=opening_order_id(SIGNAL_ID, FollowerId(name)),
            follower_id=FollowerId(name),
        )
        for name in ("anna", "berta", "carla")
    )
    assert orders.plan([berta]) == (berta.order_id,)
    documents.commit([Update(path=f"orders/{berta.order_id}", fields={"state": "claimed"})])
    assert orders.plan([carla, berta, anna]) == (carla.order_id, anna.order_id)
    assert orders.plan([carla, berta, anna]) == ()
    assert orders.of_session(SESSION_DATE) == (
        anna,
        replace(berta, state=OrderState.CLAIMED),
        carla,
    )
    assert orders.of_session("2026-11-30") == ()


def test_archived_followers_are_left_out_and_the_rest_is_in_id_order(
    documents: Documents,
) -> None:
    followers = [
        a_follower("carla"),
        replace(a_follower("berta"), state=FollowerState.ARCHIVED),
        replace(a_follower("anna", max_loss="2500"), state=FollowerState.PAUSED),
    ]
    documents.commit(
        [Create(path=f"followers/{one.follower_id}", data=encode(one)) for one in followers]
    )
    login = Login(login_id=LoginId("login-1"), host="ib", port=4003, client_id=7)
    documents.commit([Create(path="logins/login-1", data=encode(login))])
    assert FirestoreFollowers(documents).all() == (followers[2], followers[0])
    assert FirestoreFollowers(documents).logins() == (login,)


def test_a_document_that_cannot_be_read_is_named_and_left_out(
    documents: Documents, capsys: pytest.CaptureFixture[str]
) -> None:
    documents.commit([Create(path="followers/anna", data={"name": "Anna"})])
    documents.commit([Create(path="followers/bert", data=encode(a_follower("bert")))])
    assert [one.follower_id for one in FirestoreFollowers(documents).all()] == ["bert"]
    told = capsys.readouterr().out
    assert "followers/anna: Follower: " in told
    assert "state is missing" in told


def test_missing_settings_have_their_defaults(documents: Documents) -> None:
    settings = FirestoreSettings(documents)
    assert settings.trading() == TradingSettings()
    assert settings.alert_recipients() == AlertRecipients()
    documents.commit(
        [
            Replace(
                path="settings/trading",
                data={"ticker": "SPY", "ladder": {"ceiling_micros": -500_000}},
            ),
            Replace(path="settings/alerts", data={"emails": ["ops@example.com"]}),
        ]
    )
    assert settings.trading() == TradingSettings(
        ticker="SPY", ladder=LadderRules(ceiling=Decimal("-0.5"))
    )
    assert settings.alert_recipients() == AlertRecipients(emails=("ops@example.com",))


def test_a_slot_is_marked_once_and_its_total_joins_the_series(documents: Documents) -> None:
    marks = FirestoreMarks(documents)
    FirestoreSessions(documents).open(RECORD)
    later, earlier = a_mark(100), a_mark(99)
    assert marks.write([later, a_mark(100, part=1)], total=Decimal("22.40"))
    assert not marks.write([later], total=Decimal(0))
    assert marks.write([earlier], total=Decimal("-1.000001"))
    assert marks.of_session(SESSION_DATE) == (earlier, later, a_mark(100, part=1))
    record = FirestoreSessions(documents).read(SESSION_DATE)
    assert record is not None
    assert record.series == {"100": Decimal("22.40"), "99": Decimal("-1.000001")}


def test_a_mark_needs_its_session(documents: Documents) -> None:
    with pytest.raises(NotFound):
        FirestoreMarks(documents).write([a_mark(100)], total=Decimal(0))
    assert FirestoreMarks(documents).of_session(SESSION_DATE) == ()


def test_quotes_that_are_there_are_read(documents: Documents) -> None:
    quote = a_quote(None, "1.02", contract=a_contract("492.5"))
    documents.commit([Create(path=f"quotes/{quote.contract_key}", data=encode(quote))])
    assert FirestoreQuotes(documents).read([quote.contract_key, ContractKey("QQQ")]) == {
        quote.contract_key: quote
    }


def test_daily_results_replace_those_before(documents: Documents) -> None:
    book = FirestoreDailyPnl(documents)
    days = [
        roll_up(
            session_date=SESSION_DATE,
            follower_id=FollowerId(name),
            totals=[Decimal("1.5"), Decimal(-2)],
            end=ProfitAndLoss(realized=Decimal("10.01"), fees=Decimal("1.3")),
            extent=DayExtent(trades=2),
            commission_ratio=Decimal("0.2"),
            finality=Finality.PROVISIONAL,
            now=NOON,
        )
        for name in ("berta", "anna")
    ]
    book.write(days)
    again = replace(days[0], trades=4)
    book.write([again])
    assert book.of_session(SESSION_DATE) == (days[1], again)


def test_a_report_is_switched_by_one_write(documents: Documents) -> None:
    reports = FirestoreReports(documents)
    report = Report(
        report_id=daily_report_id(SESSION_DATE),
        period=SESSION_DATE,
        figures_sha256="00",
        as_of=NOON,
        files=(ReportFile(name="a.pdf", content_type="application/pdf", sha256="11"),),
        link_nonce="n",
    )
    assert reports.get(report.report_id) is None
    reports.switch_to(report)
    reports.switch_to(replace(report, files=()))
    assert reports.get(report.report_id) == replace(report, files=())


def test_an_alert_told_twice_is_one_with_a_count(documents: Documents) -> None:
    log = FirestoreAlertLog(documents)
    alert = Alert(
        alert_type=AlertType.NO_MARGIN,
        subject="anna/QQQ",
        message="No margin.",
        session_date=SESSION_DATE,
        raised_at=NOON,
    )
    assert log.record(alert)
    assert not log.record(replace(alert, raised_at=NOON + timedelta(seconds=5)))
    log.delivered(alert.key, "telegram", error="", at=NOON)
    log.delivered(alert.key, "e-mail", error="bounced", at=NOON)
    assert log.of_session(SESSION_DATE) == (alert,)
    stored = documents.get(f"alerts/{alert.key}")
    assert stored is not None
    assert stored.data["count"] == 2
    assert stored.data["severity"] == "WARNING"
    assert stored.data["deliveries"] == {
        "e-mail": {"at": NOON, "error": "bounced"},
        "telegram": {"at": NOON, "error": ""},
    }
