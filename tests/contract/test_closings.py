"""Planning a closing: one transaction on the position, over memory and over Firestore."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import TypeVar

import pytest

from shared.adapters.firestore.closings import FirestoreClosings
from shared.adapters.firestore.leader_orders import FirestoreLeaderOrders
from shared.adapters.firestore.leases import FirestoreLeases
from shared.adapters.firestore.positions import AsyncFirestorePositions
from shared.domain.close_causes import CloseCause
from shared.domain.closing import plan_closing
from shared.domain.errors import Conflict
from shared.domain.followers import FollowerId
from shared.domain.orders import Order
from shared.domain.positions import Position, position_id_of
from shared.domain.spreads import Side
from shared.ports.documents import AsyncDocuments
from shared.ports.stored import Stored
from tests.builders import NOON, SESSION_DATE, a_contract, a_fill, a_position, an_order

T = TypeVar("T")

POSITION = a_position(
    [
        a_fill(Side.BUY, 5, "1.00", contract=a_contract("585"), exec_id="1"),
        a_fill(Side.SELL, 5, "1.95", contract=a_contract("590"), exec_id="2"),
    ]
)


def a_closing(number: int = 1, position: Position = POSITION) -> Order:
    return plan_closing(
        position,
        an_order(),
        number,
        quantity=5,
        session_date=SESSION_DATE,
        now=NOON,
        cause=CloseCause.END_OF_DAY,
    )


def of_follower(name: str) -> Position:
    follower_id = FollowerId(name)
    position_id = position_id_of(follower_id, POSITION.spread)
    return replace(POSITION, follower_id=follower_id, position_id=position_id)


class Planner:
    """A leader of shard 0 that plans closings of one position."""

    def __init__(self, documents: AsyncDocuments, runner: asyncio.Runner) -> None:
        self.closings = FirestoreClosings(documents)
        self._orders = FirestoreLeaderOrders(documents)
        self._positions = AsyncFirestorePositions(documents)
        self._runner = runner
        grant = self.run(FirestoreLeases(documents).take(0, "me", seen=None))
        assert grant is not None
        self.token = grant.token

    def run(self, coroutine: Coroutine[object, object, T]) -> T:
        return self._runner.run(coroutine)

    def hold(self, position: Position = POSITION) -> None:
        self.run(self._positions.save([position]))

    def plan(self, order: Order, token: int | None = None) -> Stored[Order] | None:
        planned = self.plan_all([order], token)
        return planned[0] if planned else None

    def plan_all(self, orders: list[Order], token: int | None = None) -> tuple[Stored[Order], ...]:
        token = self.token if token is None else token
        return self.run(self.closings.plan(orders, shard=0, token=token))

    @property
    def orders(self) -> tuple[Stored[Order], ...]:
        return self.run(self._orders.of_session(SESSION_DATE, [an_order().login_id]))

    @property
    def positions(self) -> tuple[Position, ...]:
        return self.run(self._positions.of_session(SESSION_DATE))


@pytest.fixture
def planner(async_documents: AsyncDocuments, runner: asyncio.Runner) -> Planner:
    return Planner(async_documents, runner)


def test_a_closing_is_created_and_named_in_its_position_at_once(planner: Planner) -> None:
    planner.hold()
    planned = planner.plan(a_closing())
    assert planned is not None
    assert planned.value == a_closing()
    assert planner.orders == (planned,)
    named = replace(POSITION, live_closing_order_id=a_closing().order_id)
    assert planner.positions == (named,)


def test_the_planned_order_can_be_written_on_the_version_it_came_with(planner: Planner) -> None:
    planner.hold()
    planned = planner.plan(a_closing())
    assert planned is not None
    changed = replace(planned.value, detail="seen")
    planner.run(planner._orders.save(replace(planned, value=changed)))
    assert [one.value for one in planner.orders] == [changed]


def test_a_second_planner_joins_the_closing_that_lives(planner: Planner) -> None:
    planner.hold()
    first = planner.plan(a_closing())
    assert planner.plan(a_closing(2)) is None
    assert planner.orders == (first,)
    assert planner.positions[0].live_closing_order_id == a_closing().order_id


def test_of_two_planners_at_once_one_plans_and_the_other_joins(planner: Planner) -> None:
    planner.hold()

    async def race() -> list[tuple[Stored[Order], ...]]:
        plans = [
            planner.closings.plan([a_closing(number)], shard=0, token=planner.token)
            for number in (1, 2)
        ]
        return list(await asyncio.gather(*plans))

    planned = [one for found in planner.run(race()) for one in found]
    assert len(planned) == 1
    assert planner.orders == tuple(planned)
    assert planner.positions[0].live_closing_order_id == planned[0].value.order_id


def test_the_next_closing_is_planned_once_the_one_before_is_over(planner: Planner) -> None:
    planner.hold()
    planner.plan(a_closing())
    planner.hold()
    assert planner.plan(a_closing(2)) is not None
    assert planner.positions[0].live_closing_order_id == a_closing(2).order_id


def test_a_deposed_leader_plans_nothing(planner: Planner) -> None:
    planner.hold()
    for token in (planner.token - 1, planner.token + 1):
        with pytest.raises(Conflict):
            planner.plan(a_closing(), token)
    assert (planner.orders, planner.positions) == ((), (POSITION,))


def test_an_order_that_exists_already_is_given_as_it_stands_and_not_written_over(
    planner: Planner,
) -> None:
    planner.hold()
    first = planner.plan(a_closing())
    planner.hold()
    assert planner.plan(replace(a_closing(), quantity=1)) == first
    assert planner.orders == (first,)
    assert planner.positions == (POSITION,)


def test_a_position_that_is_not_in_the_database_is_not_closed_yet(planner: Planner) -> None:
    assert planner.plan(a_closing()) is None
    assert planner.orders == ()


def test_many_positions_are_planned_at_once_and_one_that_is_closed_holds_up_none(
    planner: Planner,
) -> None:
    positions = [of_follower(f"f-{number:03d}") for number in range(120)]
    orders = []
    for position in positions:
        planner.hold(position)
        order = replace(a_closing(position=position), follower_id=position.follower_id)
        orders.append(order)
    planner.plan(orders[7])
    planned = planner.plan_all(orders)
    created = [one.value.order_id for one in planned if one.value is not orders[7]]
    assert set(created) >= {one.order_id for one in orders} - {orders[7].order_id}
    assert len(planner.orders) == 120
    assert all(one.live_closing_order_id for one in planner.positions)
