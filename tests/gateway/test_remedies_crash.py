"""A leader dies between any two steps of clearing up an assignment: nothing is done twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from shared.domain.alerts import AlertType
from shared.ports.broker import Broker
from shared.ports.documents import AsyncDocuments
from tests.crash.boundaries import Boundary, Kind
from tests.crash.mortal import Mortal, at_number, never
from tests.crash.watched import WatchedBroker, WatchedDocuments
from tests.fakes.async_clock import run_jumping
from tests.fakes.broker import FakeBroker
from tests.settlements import Assigned

Dies = Callable[[Boundary, int], bool]


class MortalAssigned(Assigned):
    """An assigned morning whose first leader dies."""

    def __init__(self, dies: Dies, *, living: bool, spot: str) -> None:
        self.mortal = Mortal(dies)
        super().__init__("anna", living=living)
        bid = f"{float(spot) - 0.02:.2f}"
        self.market.show("QQQ", bid, spot, at=self.clock.now(), size=100_000)

    def database(self) -> AsyncDocuments:
        return WatchedDocuments(self.documents, self.mortal)

    def carried(self, broker: FakeBroker) -> Broker:
        return WatchedBroker(broker, self.mortal)

    async def morning(self) -> None:
        await self.start()
        moves = {"short": 5, "QQQ": 500}
        self.broker_does("anna", **(moves if self.spread.expiry > "2026-11-27" else _gone(moves)))
        for second in range(60, 7 * 60, 10):
            await self.clock.run_to(self.started_at(second))
            if self.mortal.is_dead:
                await self.succeed()
        await self.clock.run_to(self.started_at(900))

    async def succeed(self) -> None:
        """Bury the dead leader, and let a successor take over."""
        for task in self._kept:
            task.cancel()
        await asyncio.gather(*self._kept, return_exceptions=True)
        for broker in self.brokers.values():
            broker.listen(lambda *_: None)
            broker.drop()
        await self.lease.give_back()
        self.mortal = Mortal(never)
        self.make_brokers()
        await self.lead("two")


def _gone(moves: dict[str, int]) -> dict[str, int]:
    return {**moves, "long": -5}


def _play(dies: Dies, *, living: bool, spot: str = "588.02") -> MortalAssigned:
    world = MortalAssigned(dies, living=living, spot=spot)

    async def whole() -> None:
        try:
            await world.morning()
        finally:
            await world.die()

    run_jumping(whole())
    return world


def _steps(*, living: bool, spot: str = "588.02") -> int:
    """How many instants that persist or send a morning passes in which nobody dies."""
    passings = _play(never, living=living, spot=spot).mortal.passings
    return sum(
        count
        for boundary, count in passings.items()
        if boundary.kind is not Kind.AWAIT
        and "accounts" not in boundary.site
        and "boards" not in boundary.site
        and "quotes" not in boundary.site
    )


def _problems(world: MortalAssigned) -> list[str]:
    account = world.follower("anna").account_id
    found = []
    if world.holds("anna") != (0, 0, 0):
        found.append(f"our books hold {world.holds('anna')}")
    if held := {key: count for key, count in world.books["anna"].positions.items() if count}:
        found.append(f"the broker holds {held}")
    sold = [one for one in world.books["anna"].executions if one.contract_key == "QQQ"]
    if sum(one.side.sign * one.quantity for one in sold if one.account_id == account) != -500:
        found.append("not exactly 500 shares were sold")
    if not world.told(AlertType.ASSIGNMENT_DETECTED):
        found.append("nobody was told")
    return found


@pytest.mark.parametrize("living", [True, False])
def test_a_death_at_any_step_leaves_one_set_of_orders_and_true_books(living: bool) -> None:
    steps = _steps(living=living)
    assert steps > 20
    problems: dict[str, list[str]] = {}
    for number in range(1, steps + 1):
        world = _play(at_number(number), living=living)
        if found := _problems(world):
            problems[f"{number} {world.mortal.died_at}"] = found
    assert problems == {}


def test_a_death_at_any_step_never_exercises_twice() -> None:
    steps = _steps(living=True, spot="580.02")
    for number in range(1, steps + 1):
        world = _play(at_number(number), living=True, spot="580.02")
        asked = world.books["anna"].exercises
        assert len(asked) <= 1, number
        sold = [one for one in world.books["anna"].executions if one.contract_key == "QQQ"]
        assert sold == [], "what may be exercised away is not sold as well"
        if asked:
            assert world.stored_is_open("anna") is False, number
