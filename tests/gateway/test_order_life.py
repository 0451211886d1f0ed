"""The whole life of orders under everything that may happen to them, in any order.

A state machine over the gateway in memory: a market, a broker that loses, repeats and turns round
what it tells, a database that goes away, leaders that die. Whatever came before, no order may
stand twice at the broker; and once the troubles are over, both books agree to the cent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.crash.in_memory import NAMES, MortalWorld
from tests.crash.invariants import CHECKS, check_ended, check_invariants
from tests.crash.matrix import hushed
from tests.fakes.async_clock import JumpingLoop, calm
from tests.fakes.chaotic_broker import ChaoticBroker
from tests.trading_worlds import TURNS, new_york

_ALWAYS = (
    "1 one live broker order per order",
    "1 under the id that was claimed",
    "1 an order fills once",
    "1 nobody holds more than planned",
    "3 nothing uncovered",
    "7 towards zero, never through",
)
"""What may not be broken even for a moment; the other invariants hold once all is told."""

_AFTER_THE_CUTOFF = new_york(9, 50)
_SWITCH_SECONDS = 6.0

names = st.sampled_from(NAMES)
QUOTES = {
    "far": (("1.96", "1.98"), ("0.98", "1.00")),
    "marketable": (("2.02", "2.04"), ("0.96", "0.98")),
    "poor": (("1.40", "1.42"), ("0.98", "1.00")),
    "wide": (("1.20", "4.80"), ("0.10", "2.50")),
    "crossed": (("1.99", "1.96"), ("0.98", "1.00")),
    "one-sided": ((None, "1.98"), ("0.98", "1.00")),
}


class ChaosWorld(MortalWorld):
    """A world without a market of its own, whose brokers do everything wrong that is asked."""

    chaotic: dict[str, ChaoticBroker]

    def __init__(self) -> None:
        super().__init__(market=0, deaths=())
        self._rows.clear()

    def make_brokers(self) -> None:
        self.chaotic = {
            name: ChaoticBroker(
                f"login-{name}",
                [f"DU-{name}"],
                self.market,
                now=self.clock.now,
                book=self.books[name],
            )
            for name in self.names
        }
        self.brokers = dict(self.chaotic)

    def heal(self) -> None:
        """End every trouble but the market's."""
        self.documents.down = False
        for broker in self.chaotic.values():
            broker.lose_sends = broker.lose_cancels = broker.hush = broker.repeats = False
            broker.reachable = broker.answers = broker.data_is_live = True
            broker.empty_sweeps = broker.crossing = broker.refuse_modify_with = 0
            broker.refuse_with = None
            broker.fill_at_most = 1_000_000
            if broker.keeps:
                broker.release(turned=False)

    def failures(self) -> list[BaseException]:
        """What ended the leader although nobody killed it."""
        done = [task for task in self._kept if task.done() and not task.cancelled()]
        return [error for task in done if (error := task.exception()) is not None]

    def show_all(self, quotes: str, size: int) -> None:
        (short_bid, short_ask), (long_bid, long_ask) = QUOTES[quotes]
        for strike, bid, ask in ((590, short_bid, short_ask), (585, long_bid, long_ask)):
            key = f"QQQ-2026-11-27-P-{strike}"
            self.market.show(key, bid, ask, at=self.clock.now(), size=size)
        for broker in self.brokers.values():
            broker.match()


class OrderLife(RuleBasedStateMachine):
    """One morning of three followers."""

    def __init__(self) -> None:
        super().__init__()
        self._hushed = hushed()
        self._hushed.__enter__()
        self._runner = asyncio.Runner(loop_factory=JumpingLoop)
        self.world = ChaosWorld()

    @initialize(second=st.integers(0, 20))
    def begin(self, second: int) -> None:
        async def story() -> None:
            await self.world.begin()
            await self.world.play_to(new_york(9, 30, second))

        self._run(story())

    @rule(seconds=st.sampled_from([1, 4, 5, 6, 11, 31, 61]))
    def time_passes(self, seconds: int) -> None:
        self._run(self.world.play_to(self.world.clock.now() + timedelta(seconds=seconds)))

    @rule(quotes=st.sampled_from(sorted(QUOTES)), size=st.sampled_from([1, 3, 100]))
    def the_market_moves(self, quotes: str, size: int) -> None:
        self._do(lambda: self.world.show_all(quotes, size))

    @rule(name=names, lost=st.booleans())
    def sends_are_lost(self, name: str, lost: bool) -> None:
        self.world.chaotic[name].lose_sends = lost

    @rule(name=names, lost=st.booleans())
    def cancels_are_lost(self, name: str, lost: bool) -> None:
        self.world.chaotic[name].lose_cancels = lost

    @rule(name=names, silent=st.booleans())
    def the_broker_tells_nothing(self, name: str, silent: bool) -> None:
        self.world.chaotic[name].hush = silent

    @rule(name=names, answers=st.booleans())
    def requests_go_unanswered(self, name: str, answers: bool) -> None:
        self.world.chaotic[name].answers = answers

    @rule(name=names)
    def events_are_told_twice(self, name: str) -> None:
        self.world.chaotic[name].repeats = True

    @rule(name=names)
    def events_are_late(self, name: str) -> None:
        self.world.chaotic[name].keeps = True

    @rule(name=names, turned=st.booleans())
    def late_events_arrive(self, name: str, turned: bool) -> None:
        self._do(lambda: self.world.chaotic[name].release(turned=turned))

    @rule(name=names, spreads=st.integers(1, 5))
    def a_fill_crosses_the_next_cancel(self, name: str, spreads: int) -> None:
        self.world.chaotic[name].crossing = spreads

    @rule(name=names, sweeps=st.integers(1, 3))
    def sweeps_come_back_empty(self, name: str, sweeps: int) -> None:
        self.world.chaotic[name].empty_sweeps = sweeps

    @rule(name=names, code=st.sampled_from([110, 201, 203, 321, 103]))
    def the_next_order_is_refused(self, name: str, code: int) -> None:
        self.world.chaotic[name].refuse_with = (code, "refused")

    @rule(name=names, code=st.sampled_from([105, 110]))
    def the_next_modify_is_refused(self, name: str, code: int) -> None:
        self.world.chaotic[name].refuse_modify_with = code

    @rule(name=names)
    def live_orders_are_said_to_have_ended(self, name: str) -> None:
        self._do(self.world.chaotic[name].say_ended)

    @rule(name=names)
    def orders_end_at_the_broker(self, name: str) -> None:
        broker = self.world.chaotic[name]
        live = [number for number, order in broker.book.orders.items() if order.is_live]
        self._do(lambda: tuple(map(broker.end, live)))

    @rule(name=names, cents=st.sampled_from(["-0.01", "0.02"]))
    def an_execution_is_corrected(self, name: str, cents: str) -> None:
        self._do(lambda: self.world.chaotic[name].correct_last(Decimal(cents)))

    @rule(name=names, spreads=st.sampled_from([1, 2, 1_000_000]))
    def fills_come_in_parts(self, name: str, spreads: int) -> None:
        self.world.chaotic[name].fill_at_most = spreads

    @rule(name=names, reachable=st.booleans())
    def the_connection_drops(self, name: str, reachable: bool) -> None:
        self.world.chaotic[name].reachable = reachable
        self._do(self.world.chaotic[name].drop)

    @rule(name=names)
    def the_login_can_be_reached_again(self, name: str) -> None:
        self.world.chaotic[name].reachable = True
        self._run(asyncio.sleep(_SWITCH_SECONDS))

    @rule(mode=st.sampled_from(["normal", "close_only", "halted", "frozen", "flatten"]))
    def the_kill_switch_is_turned(self, mode: str) -> None:
        self._run(self.world.turn(mode))

    @rule(down=st.booleans())
    def the_database_comes_and_goes(self, down: bool) -> None:
        self.world.documents.down = down
        self._run(asyncio.sleep(_SWITCH_SECONDS))

    @rule(seconds=st.integers(0, 40))
    def the_leader_dies_and_another_comes(self, seconds: int) -> None:
        async def story() -> None:
            self.world.documents.down = False
            await self.world.end()
            self.world.clock.move_to(self.world.clock.now() + timedelta(seconds=seconds))
            self.world.make_brokers()
            await self.world.begin()

        self._run(story())

    @invariant()
    def no_order_stands_twice(self) -> None:
        ours, theirs = self.world.ours(), self.world.theirs()
        for name in _ALWAYS:
            assert list(CHECKS[name](ours, theirs)) == []

    @invariant()
    def the_leader_lives(self) -> None:
        if hasattr(self.world, "_kept"):
            assert self.world.failures() == []

    def teardown(self) -> None:
        try:
            self._run(self._until_all_is_told())
            ours, theirs = self.world.ours(), self.world.theirs()
            found = (*check_invariants(ours, theirs), *check_ended(ours, theirs, flat=False))
            assert found == ()
        finally:
            self._runner.run(self.world.end())
            self._runner.close()
            self._hushed.__exit__(None, None, None)

    async def _until_all_is_told(self) -> None:
        self.world.heal()
        await self.world.turn("normal")
        await asyncio.sleep(90)
        done_at = max(_AFTER_THE_CUTOFF, self.world.clock.now() + timedelta(minutes=4))
        for _ in range(4):
            await self.world.play_to(self.world.clock.now() + timedelta(seconds=30))
            await asyncio.sleep(_SWITCH_SECONDS)
        await self.world.play_to(done_at)
        # What is wanted closed waits for a market to price it by, until the close if need be.
        self.world.show_all("far", size=100)
        await asyncio.sleep(90)
        await self.world.play_to(done_at + timedelta(minutes=3))

    def _do(self, act: Callable[[], object]) -> None:
        async def story() -> None:
            act()
            await calm(TURNS)

        self._run(story())

    def _run(self, story: Coroutine[object, object, object]) -> None:
        self._runner.run(story)


_SHARE = 4
"""A life takes as long as four examples of other properties or more."""

TestOrderLife = OrderLife.TestCase
TestOrderLife.settings = settings(
    max_examples=max(10, settings().max_examples // _SHARE),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
