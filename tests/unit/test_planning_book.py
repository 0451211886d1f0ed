"""The plan for the whole book: a cap on all orders together, given out in the fair order."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.followers import Follower, FollowerState
from shared.domain.orders import OrderState
from shared.domain.planning import fair_order, plan_book, plan_opening, without_login
from shared.domain.reasons import Reason
from shared.domain.trading_settings import TradingSettings
from tests.builders import NOON, a_follower
from tests.contract.records import a_signal

SIGNAL = a_signal()
SETTINGS = TradingSettings()
NAMES = ["anna", "bert", "carl", "dora", "emil", "fred"]
FOLLOWERS = [a_follower(name) for name in NAMES]
EACH = plan_opening(SIGNAL, a_follower(), SETTINGS, now=NOON).quantity


def capped(most: int | None) -> TradingSettings:
    return replace(SETTINGS, book_max_contracts=most)


def test_without_a_cap_everybody_is_planned_by_himself() -> None:
    assert plan_book(SIGNAL, FOLLOWERS, SETTINGS, now=NOON) == tuple(
        plan_opening(SIGNAL, follower, SETTINGS, now=NOON) for follower in FOLLOWERS
    )


def test_the_cap_is_given_out_in_the_fair_order_and_the_last_one_gets_the_rest() -> None:
    plans = plan_book(SIGNAL, FOLLOWERS, capped(2 * EACH + 1), now=NOON)
    assert [plan.follower_id for plan in plans] == NAMES
    drawn = fair_order(plans)
    assert [plan.quantity for plan in drawn] == [EACH, EACH, 1, 0, 0, 0]
    assert {(plan.state, plan.reason) for plan in drawn[:3]} == {(OrderState.PLANNED, None)}
    for plan in drawn[3:]:
        assert (plan.state, plan.reason) == (OrderState.SKIPPED, Reason.SIZE_ZERO)
        assert "all followers together" in plan.detail
        assert plan.finished_at == NOON


def test_who_does_not_trade_takes_nothing_of_the_cap() -> None:
    first = fair_order(plan_book(SIGNAL, FOLLOWERS, SETTINGS, now=NOON))[0].follower_id
    followers = [
        replace(one, state=FollowerState.PAUSED) if one.follower_id == first else one
        for one in FOLLOWERS
    ]
    plans = plan_book(SIGNAL, followers, capped(5 * EACH), now=NOON)
    assert sum(plan.state is OrderState.PLANNED for plan in plans) == 5


def test_an_order_without_a_login_is_skipped_and_a_skipped_one_keeps_its_reason() -> None:
    plan = plan_opening(SIGNAL, a_follower(), SETTINGS, now=NOON)
    assert without_login(plan).reason is Reason.NO_LOGIN
    paused = replace(a_follower(), state=FollowerState.PAUSED)
    skipped = plan_opening(SIGNAL, paused, SETTINGS, now=NOON)
    assert without_login(skipped) == skipped


SHARES = st.lists(st.integers(0, 40), max_size=12)


def followers_of(shares: list[int]) -> list[Follower]:
    return [
        a_follower(f"f{number}", multiplier=f"{share / 10}") for number, share in enumerate(shares)
    ]


@given(SHARES, st.none() | st.integers(0, 200))
def test_no_cap_is_ever_exceeded_and_nobody_gets_more_than_alone(
    shares: list[int], most: int | None
) -> None:
    followers = followers_of(shares)
    plans = plan_book(SIGNAL, followers, capped(most), now=NOON)
    alone = [plan_opening(SIGNAL, one, SETTINGS, now=NOON) for one in followers]
    planned = [plan for plan in plans if plan.state is OrderState.PLANNED]
    total = sum(plan.quantity for plan in planned)
    assert all(plan.quantity > 0 for plan in planned)
    assert all(plan.quantity <= one.quantity for plan, one in zip(plans, alone, strict=True))
    wanted = sum(one.quantity for one in alone if one.state is OrderState.PLANNED)
    assert total == (wanted if most is None else min(wanted, most))
