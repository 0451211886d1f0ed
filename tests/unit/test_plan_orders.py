"""Planning orders: everybody gets one, once, and the gateway's bell rings."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.followers import FirestoreFollowers
from shared.adapters.firestore.orders import FirestorePlannedOrders
from shared.adapters.firestore.settings_book import FirestoreSettings
from shared.domain.followers import Follower, FollowerState, Login, LoginId
from shared.domain.orders import OrderId, OrderState
from shared.domain.reasons import Reason
from shared.domain.signals import Signal, hash_row, traceparent_of
from shared.domain.spreads import Strategy
from shared.ports.documents import Create
from shared.use_cases.plan_orders import plan_orders
from tests.builders import SESSION_DATE, SIGNAL_ID, a_follower
from tests.fakes.clock import ManualClock
from tests.fakes.documents import InMemoryDocuments
from tests.fakes.publisher import Published, RecordingPublisher
from tests.sheets import TODAYS_ROW, a_row

NOW = datetime(2026, 11, 27, 14, 27, 5, tzinfo=UTC)
SIGNAL = Signal(
    signal_id=SIGNAL_ID,
    session_date=SESSION_DATE,
    ticker="QQQ",
    strategy=Strategy.LONG,
    qty_per_leg=10,
    long_strike=Decimal(585),
    short_strike=Decimal(590),
    expiry=SESSION_DATE,
    row_number=TODAYS_ROW,
    row=tuple(a_row()),
    row_hash=hash_row(tuple(a_row())),
    read_at=NOW,
    traceparent=traceparent_of(SIGNAL_ID),
)


class Planning:
    def __init__(self, *followers: Follower) -> None:
        self.documents = InMemoryDocuments()
        self.clock = ManualClock(NOW)
        self.publisher = RecordingPublisher()
        self.orders = FirestorePlannedOrders(self.documents)
        login = Login(login_id=LoginId("login-1"), host="ib", port=4003, client_id=11)
        self.documents.commit([Create(path="logins/login-1", data=encode(login))])
        self.add(*followers)

    def add(self, *followers: Follower) -> None:
        for one in followers:
            path = f"followers/{one.follower_id}"
            self.documents.commit([Create(path=path, data=encode(one))])

    def plan(self) -> tuple[OrderId, ...]:
        return plan_orders(
            SIGNAL,
            clock=self.clock,
            followers=FirestoreFollowers(self.documents),
            settings_book=FirestoreSettings(self.documents),
            orders=self.orders,
            publisher=self.publisher,
            orders_topic="orders",
        )


def test_every_follower_gets_an_order_of_his_own_share() -> None:
    planning = Planning(a_follower("anna"), a_follower("bert", multiplier="0.5"))
    planned = planning.plan()
    assert planned == ("2026-11-27-QQQ-1~anna~open", "2026-11-27-QQQ-1~bert~open")
    anna, bert = planning.orders.of_session(SESSION_DATE)
    assert (anna.quantity, bert.quantity) == (10, 5)
    assert (anna.state, anna.planned_at) == (OrderState.PLANNED, NOW)
    assert anna.spread == SIGNAL.spread
    assert anna.traceparent == SIGNAL.traceparent


def test_who_does_not_trade_gets_an_order_that_says_why() -> None:
    anna = a_follower("anna")
    planning = Planning(
        replace(a_follower("bert"), state=FollowerState.PAUSED),
        replace(a_follower("carl"), agreement_version=None),
        replace(a_follower("dora"), multiplier_ratio=Decimal("0.01")),
        replace(a_follower("emil"), state=FollowerState.ARCHIVED),
        anna,
    )
    planning.plan()
    reasons = {
        order.follower_id: (order.state, order.reason)
        for order in planning.orders.of_session(SESSION_DATE)
    }
    assert reasons == {
        "anna": (OrderState.PLANNED, None),
        "bert": (OrderState.SKIPPED, Reason.PAUSED),
        "carl": (OrderState.SKIPPED, Reason.NO_AGREEMENT),
        "dora": (OrderState.SKIPPED, Reason.SIZE_ZERO),
    }


def test_who_has_no_login_on_file_is_skipped_for_no_gateway_would_see_his_order() -> None:
    planning = Planning(
        replace(a_follower("anna"), login_id=LoginId("login-gone")),
        replace(a_follower("bert"), login_id=LoginId("login-gone"), agreement_version=None),
        a_follower("carl"),
    )
    planning.plan()
    assert [
        (order.follower_id, order.state, order.reason)
        for order in planning.orders.of_session(SESSION_DATE)
    ] == [
        ("anna", OrderState.SKIPPED, Reason.NO_LOGIN),
        ("bert", OrderState.SKIPPED, Reason.NO_AGREEMENT),
        ("carl", OrderState.PLANNED, None),
    ]


def test_planning_again_changes_no_order_and_adds_only_new_followers() -> None:
    planning = Planning(a_follower("anna"))
    planning.plan()
    before = planning.orders.of_session(SESSION_DATE)
    planning.clock.advance(60)
    assert planning.plan() == ()
    assert planning.orders.of_session(SESSION_DATE) == before
    planning.add(a_follower("bert"))
    assert planning.plan() == ("2026-11-27-QQQ-1~bert~open",)


def test_the_bell_rings_every_time_and_carries_no_fact_of_its_own() -> None:
    planning = Planning(a_follower("anna"))
    planning.plan()
    planning.plan()
    ring = Published(
        topic="orders",
        data={
            "type": "orders_planned",
            "session_date": SESSION_DATE,
            "signal_id": "2026-11-27-QQQ-1",
        },
        attributes={"traceparent": SIGNAL.traceparent},
        ordering_key="",
    )
    assert planning.publisher.published == [ring, ring]
