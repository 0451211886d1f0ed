"""Claims: only what we would have planned ourselves becomes ours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.leader_orders import FirestoreLeaderOrders
from shared.adapters.firestore.leases import FirestoreLeases
from shared.domain.followers import AccountId, Follower, FollowerId, FollowerState, Login, LoginId
from shared.domain.orders import BrokerIds, Order, OrderId, OrderState, Purpose, order_ref_of
from shared.domain.planning import plan_opening
from shared.domain.reasons import Reason
from shared.domain.signals import Signal, SignalId, SignalState
from shared.domain.trading_settings import TradingSettings
from shared.ports.documents import Create
from shared.use_cases.claim_orders import Claims, claim_orders
from tests.builders import NOON, SESSION_DATE, a_follower, a_spread
from tests.contract.records import a_signal
from tests.fakes.documents import AsyncInMemoryDocuments

LOGIN = Login(login_id=LoginId("login-1"), host="ib", port=4003, client_id=7)
SIGNAL, SETTINGS = a_signal(), TradingSettings()
CLAIMED_AT = NOON + timedelta(seconds=1)
PLANNED = plan_opening(SIGNAL, a_follower(), SETTINGS, now=NOON)


def a_plan(follower: Follower) -> Order:
    return plan_opening(SIGNAL, follower, SETTINGS, now=NOON)


def claim(
    *planned: Order,
    signals: Sequence[Signal] = (SIGNAL,),
    followers: Sequence[Follower] = (a_follower(),),
    settings: TradingSettings = SETTINGS,
    connected: Sequence[Login] = (LOGIN,),
    accounts: Sequence[AccountId] = (AccountId("DU0000001"),),
) -> tuple[Claims, tuple[Order, ...]]:
    """Claim; gives what came of it, and every order as it is stored afterwards."""

    async def story() -> tuple[Claims, tuple[Order, ...]]:
        documents = AsyncInMemoryDocuments()
        orders = FirestoreLeaderOrders(documents)
        grant = await FirestoreLeases(documents).take(0, "me", seen=None)
        assert grant is not None
        await documents.commit(
            [Create(path=f"orders/{one.order_id}", data=encode(one)) for one in planned]
        )
        login_ids = [LOGIN.login_id, LoginId("login-2")]
        claims = await claim_orders(
            await orders.of_session(SESSION_DATE, login_ids),
            orders=orders,
            signals=signals,
            followers=followers,
            settings=settings,
            connected={login.login_id: login for login in connected},
            accounts={login.login_id: accounts for login in connected},
            next_valid_ids={login.login_id: 10_001 for login in connected},
            shard=0,
            token=grant.token,
            now=CLAIMED_AT,
        )
        stored = await orders.of_session(SESSION_DATE, login_ids)
        return claims, tuple(one.value for one in stored)

    return asyncio.run(story())


def test_what_was_planned_as_we_would_have_is_claimed_with_its_ids_at_the_broker() -> None:
    claims, (stored,) = claim(PLANNED)
    assert [one.value for one in claims.claimed] == [stored]
    assert (claims.refused, claims.unreachable) == ((), ())
    assert stored.state is OrderState.CLAIMED
    assert (stored.fencing_token, stored.claimed_at) == (1, CLAIMED_AT)
    assert stored.broker == BrokerIds(
        order_ref=order_ref_of(PLANNED.order_id), client_id=7, broker_order_id=10_001
    )


@pytest.mark.parametrize(
    "forge",
    [
        lambda order: replace(order, quantity=6),
        lambda order: replace(order, account_id=AccountId("DU6666666")),
        lambda order: replace(order, spread=a_spread(width="10")),
        lambda order: replace(order, spread=a_spread(short_strike="591")),
        lambda order: replace(order, purpose=Purpose.CLOSE),
        lambda order: replace(order, filled_quantity=1),
        lambda order: replace(order, detail="a note of the forger's"),
        lambda order: replace(order, order_id=OrderId(f"{SIGNAL.signal_id}~anna~again")),
        lambda order: replace(order, traceparent="00-1-1-01"),
    ],
    ids=[
        "quantity",
        "account",
        "width",
        "strike",
        "purpose",
        "filled",
        "detail",
        "id",
        "trace",
    ],
)
def test_a_plan_that_differs_in_any_field_is_refused(forge: Callable[[Order], Order]) -> None:
    claims, (stored,) = claim(forge(PLANNED))
    assert claims.claimed == ()
    assert [one.value for one in claims.refused] == [stored]
    assert (stored.state, stored.reason) == (OrderState.SKIPPED, Reason.PLAN_MISMATCH)
    assert (stored.fencing_token, stored.finished_at) == (1, CLAIMED_AT)
    assert stored.broker is None


def test_a_plan_on_another_login_than_the_followers_is_refused() -> None:
    other = replace(LOGIN, login_id=LoginId("login-2"))
    claims, (stored,) = claim(replace(PLANNED, login_id=other.login_id), connected=[LOGIN, other])
    assert claims.claimed == ()
    assert stored.reason is Reason.PLAN_MISMATCH


@pytest.mark.parametrize(
    "follower",
    [
        replace(a_follower(), state=FollowerState.PAUSED),
        replace(a_follower(), agreement_version=None),
        replace(a_follower(), multiplier_ratio=Decimal("0.4")),
        replace(a_follower(), follower_id=FollowerId("bert")),
    ],
    ids=["paused since", "agreement withdrawn", "other size", "unknown"],
)
def test_a_plan_that_our_own_reading_of_the_follower_does_not_bear_out_is_refused(
    follower: Follower,
) -> None:
    claims, (stored,) = claim(PLANNED, followers=[follower])
    assert claims.claimed == ()
    assert stored.reason is Reason.PLAN_MISMATCH


def test_a_plan_larger_than_todays_settings_allow_is_refused() -> None:
    _, (stored,) = claim(PLANNED, settings=replace(SETTINGS, book_max_quantity=4))
    assert stored.reason is Reason.PLAN_MISMATCH


@pytest.mark.parametrize(
    "signals",
    [
        [replace(SIGNAL, state=SignalState.CHANGED)],
        [replace(SIGNAL, state=SignalState.REJECTED)],
        [replace(SIGNAL, signal_id=SignalId("2026-11-27-QQQ-2"))],
        [],
    ],
    ids=["changed", "rejected", "another", "none"],
)
def test_without_its_active_signal_an_order_stays_planned(signals: list[Signal]) -> None:
    claims, (stored,) = claim(PLANNED, signals=signals)
    assert claims == Claims(claimed=(), refused=(), unreachable=())
    assert stored == PLANNED


def test_an_order_whose_login_is_not_connected_stays_planned_and_is_told() -> None:
    claims, (stored,) = claim(PLANNED, connected=[])
    assert claims.unreachable == (PLANNED,)
    assert stored == PLANNED


@pytest.mark.parametrize("carried", [(), ("DU0000009", "DU0000002")], ids=["none", "others"])
def test_an_account_that_the_login_does_not_carry_is_refused_with_its_name(
    carried: tuple[str, ...],
) -> None:
    claims, (stored,) = claim(PLANNED, accounts=[AccountId(name) for name in carried])
    assert claims.claimed == ()
    assert (stored.state, stored.reason) == (OrderState.SKIPPED, Reason.ACCOUNT_NOT_OWNED)
    assert "DU0000001" in stored.detail
    assert all(name in stored.detail for name in carried)


def test_under_a_cap_on_the_book_fewer_spreads_than_we_would_plan_now_are_claimed() -> None:
    settings = replace(SETTINGS, book_max_contracts=100)
    fewer = replace(PLANNED, quantity=PLANNED.quantity - 1)
    claims, _ = claim(fewer, settings=settings)
    assert [one.value.quantity for one in claims.claimed] == [PLANNED.quantity - 1]
    claims, (stored,) = claim(PLANNED, settings=replace(SETTINGS, book_max_contracts=4))
    assert claims.claimed == ()
    assert stored.reason is Reason.PLAN_MISMATCH


def test_one_bad_plan_and_one_lost_login_do_not_hold_up_the_others() -> None:
    anna, bert = a_follower("anna"), a_follower("bert")
    carl = replace(a_follower("carl"), login_id=LoginId("login-2"))
    claims, stored = claim(
        a_plan(anna),
        replace(a_plan(bert), quantity=50),
        a_plan(carl),
        followers=[anna, bert, carl],
    )
    assert [one.state for one in stored] == [
        OrderState.CLAIMED,
        OrderState.SKIPPED,
        OrderState.PLANNED,
    ]
    assert [one.value.follower_id for one in claims.claimed] == ["anna"]
    assert [one.value.follower_id for one in claims.refused] == ["bert"]
    assert [one.follower_id for one in claims.unreachable] == ["carl"]
