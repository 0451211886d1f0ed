"""The matrix in process: a whole day over documents in memory, leaders dying one after another."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache

from gateway.simulator.draws import between, uniform
from shared.domain.fills import COMBO_KEY
from shared.domain.options import underlying_key
from shared.ports.broker import Broker
from shared.ports.documents import AsyncDocuments
from tests.contract.venues import CLOSE_AT, OPEN_AT
from tests.crash.both_books import BrokerBook, BrokerOrderSeen, ExecutionSeen, OurBook, Violation
from tests.crash.boundaries import Boundary
from tests.crash.invariants import check_ended, check_invariants, check_unchanged
from tests.crash.market import Row, market_rows
from tests.crash.mortal import Mortal, at_number, at_wait, counts, never
from tests.crash.readings import read_ours
from tests.crash.watched import WatchedBroker, WatchedDocuments
from tests.fakes.async_clock import calm, run_jumping
from tests.fakes.broker import FakeBroker
from tests.fakes.broker_book import FEE
from tests.trading_worlds import TURNS, World

NAMES = ("anna", "bob", "cleo")
_SWITCH_SECONDS = 3.0
_AFTERNOON_BEGINS_AT = CLOSE_AT - timedelta(minutes=34)
_MORNING_ENDS_AT = OPEN_AT + timedelta(minutes=20)
MARKETS = 60
"""Days in all: a seed plays one of them, and draws where its leaders die."""

Dies = Callable[[Boundary, int], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Played:
    """What a day in memory came to.

    Attributes:
        seed: Which day.
        deaths: Where its leaders died, in order.
        violations: What did not hold.
        passings: Every boundary passed by any leader.
    """

    seed: int
    deaths: tuple[str, ...]
    violations: tuple[Violation, ...]
    passings: Counter[Boundary]


class MortalWorld(World):
    """A world whose market follows from a seed, and whose leaders may die.

    Args:
        market: Decides the market.
        deaths: Where the first leader dies, then the second, and so on; the last lives.
        seed: Decides how long nobody leads after a death.
    """

    def __init__(self, market: int, deaths: Sequence[Dies], seed: int = 0) -> None:
        self.mortal = Mortal(never)
        self.passings: Counter[Boundary] = Counter()
        self.died: list[str] = []
        self.violations: list[Violation] = []
        self._rows: list[Row] = list(market_rows(market))
        self._deaths = list(deaths)
        self._seed = seed
        super().__init__(*NAMES)
        # The fake broker makes execution ids of order ids: no two logins may count alike.
        for number, name in enumerate(NAMES, start=1):
            self._write(f"counters/login-{name}-11", {"next_id": 1000 * number})

    def database(self) -> AsyncDocuments:
        return WatchedDocuments(self.documents, self.mortal)

    def carried(self, broker: FakeBroker) -> Broker:
        return WatchedBroker(broker, self.mortal)

    async def begin(self) -> None:
        """Start the next leader."""
        self.mortal = Mortal(self._deaths.pop(0) if self._deaths else never)
        await self.lead(f"leader-{len(self.died)}")

    async def rest_until(self, at: datetime) -> None:
        """Have nobody lead for some hours in which nothing happens; whoever leads then may die.

        It goes on counting where the one before it was: a death drawn from the whole day comes.
        """
        await self.end()
        self.clock.move_to(at)
        while self._rows and self._rows[0].at <= at:
            self._show(self._rows.pop(0))
        self.mortal.is_dead = False
        await self.lead("afternoon")

    async def end(self) -> None:
        """End the leader without a word, and cut its connections."""
        self.passings += self.mortal.passings
        self.mortal.passings.clear()
        self.mortal.is_dead = True
        for task in self._kept:
            task.cancel()
        await asyncio.gather(*self._kept, return_exceptions=True)
        for broker in self.brokers.values():
            broker.listen(lambda *_: None)
            broker.drop()
        await self.lease.give_back()

    async def play_to(self, at: datetime) -> None:
        """Let market time pass; whoever dies is followed by a successor after a while."""
        while self.clock.now() < at:
            await self._step(at)
            if self.mortal.is_dead:
                await self._bury(at)

    async def turn(self, mode: str) -> None:
        """Turn the kill switch, and let machine time pass until everybody has seen it."""
        self.switch(mode)
        await asyncio.sleep(_SWITCH_SECONDS)
        await calm(TURNS)
        if self.mortal.is_dead:
            await self._bury(self.clock.now() + timedelta(hours=1))

    def ours(self) -> OurBook:
        """Our book, as it lies in the database."""
        return read_ours(self.documents.documents, self.pager.alerts.values())

    def theirs(self) -> BrokerBook:
        """The brokers' books."""
        books = self.books.values()
        return BrokerBook(
            orders=tuple(
                BrokerOrderSeen(
                    order_ref=order.asked.ids.order_ref,
                    order_id=order_id,
                    perm_id=order.perm_id,
                    quantity=order.asked.quantity,
                    filled=order.filled,
                    is_live=order.is_live,
                )
                for book in books
                for order_id, order in book.orders.items()
            ),
            executions=tuple(
                ExecutionSeen(
                    exec_id=one.broker_exec_id,
                    order_ref=one.order_ref,
                    account_id=one.account_id,
                    contract_key=one.contract_key,
                    signed_quantity=one.side.sign * one.quantity,
                    price=one.price,
                    fee=FEE * one.quantity,
                    at=one.at,
                )
                for book in books
                for one in book.executions
                if one.contract_key != COMBO_KEY
            ),
            positions={
                key: quantity
                for book in books
                for key, quantity in book.positions.items()
                if quantity
            },
        )

    def examine(self, *, flat: bool = False, ended: bool = True) -> None:
        """Check both books as they stand."""
        ours, theirs = self.ours(), self.theirs()
        self.violations += check_invariants(ours, theirs)
        if ended:
            self.violations += check_ended(ours, theirs, flat=flat)

    async def examine_another_leader(self) -> None:
        """Let one more leader take over a book in which nothing is left to do."""
        before = self.ours()
        await self.end()
        self.mortal.is_dead = False
        await self.lead("another")
        await self.play_to(self.clock.now() + timedelta(seconds=70))
        self.violations += check_unchanged(before, self.ours())

    async def _step(self, at: datetime) -> None:
        due = [row.at for row in self._rows[:1]]
        wake = self.clock.next_wake
        if wake is not None:
            due.append(wake)
        self.clock.move_to(min([*due, at]))
        while self._rows and self._rows[0].at <= self.clock.now():
            self._show(self._rows.pop(0))
        await calm(TURNS)

    async def _bury(self, at: datetime) -> None:
        """See to a successor; to another one where it dies as soon as it begins."""
        while self.mortal.is_dead:
            await self._succeed(at)

    async def _succeed(self, at: datetime) -> None:
        self.died.append(str(self.mortal.died_at))
        await self.end()
        outage = between(0, 12, self._seed, "outage", len(self.died))
        back_at = min(self.clock.now() + timedelta(seconds=outage), at)
        while self.clock.now() < back_at:
            await self._step(back_at)
        await self.begin()
        # What a leader does on machine time, which passes nowhere else.
        await asyncio.sleep(_SWITCH_SECONDS)
        await calm(TURNS)

    def _show(self, row: Row) -> None:
        bid, ask = str(row.bid), str(row.ask)
        self.market.show(row.key, bid, ask, at=row.at, size=row.size)
        for broker in self.brokers.values():
            broker.match()


def play_seed(seed: int) -> Played:
    """Play one day whose deaths are drawn from the seed."""
    return play_day(seed % MARKETS, drawn_deaths(seed), seed=seed)


def drawn_deaths(seed: int) -> list[Dies]:
    """One death, sometimes two: at what persists or sends, or at the first wait after it."""
    most = _passings_of(seed % MARKETS)
    deaths: list[Dies] = []
    for number in range(2 if uniform(seed, "twice") < 0.3 else 1):
        passing = between(1, most, seed, "death", number)
        waits = uniform(seed, "waits", number) < 0.25
        deaths.append(at_wait(passing) if waits else at_number(passing))
    return deaths


@cache
def _passings_of(market: int) -> int:
    """How many boundaries that persist or send a day passes in which nobody dies."""
    passings = play_day(market, []).passings
    return sum(count for boundary, count in passings.items() if counts(boundary))


def play_day(
    market: int,
    deaths: Sequence[Dies],
    *,
    seed: int = 0,
    make: Callable[..., MortalWorld] = MortalWorld,
) -> Played:
    """Play one day; blocks.

    Args:
        market: Decides the market.
        deaths: Where its leaders die.
        seed: Decides how long nobody leads after a death.
        make: Makes the world; a sabotaged one makes mistakes.
    """
    return run_jumping(_day(make(market, deaths, seed), market, seed))


async def _day(world: MortalWorld, market: int, seed: int) -> Played:
    await world.begin()
    if market % 4 == 3:
        await world.play_to(OPEN_AT + timedelta(seconds=between(4, 40, market, "halt")))
        await world.turn("halted")
    await world.play_to(_MORNING_ENDS_AT)
    world.examine()
    await world.examine_another_leader()
    world.examine()
    if market % 2 == 0:
        await _end_of_day(world)
    if market % 4 == 1:
        await world.turn("flatten")
        await world.play_to(world.clock.now() + timedelta(minutes=4))
        world.examine(flat=True)
    await world.end()
    return Played(
        seed=seed,
        deaths=tuple(world.died),
        violations=tuple(dict.fromkeys(world.violations)),
        passings=world.passings,
    )


async def _end_of_day(world: MortalWorld) -> None:
    """On to the close; what is left then expires at the broker as well."""
    await world.rest_until(_AFTERNOON_BEGINS_AT)
    await world.play_to(CLOSE_AT + timedelta(seconds=1))
    for book in world.books.values():
        spot = world.market.quotes[underlying_key("QQQ")].bid or Decimal(0)
        if spot > Decimal(590):
            book.positions.clear()
    await world.play_to(CLOSE_AT + timedelta(seconds=4))
    world.examine(flat=True)
