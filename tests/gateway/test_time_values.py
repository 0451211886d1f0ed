"""The time-value monitor: one decision per spread, told once, and the pair closed as one combo."""

from __future__ import annotations

from decimal import Decimal

from shared.adapters.firestore.spreads import AsyncFirestoreSpreadRecords
from shared.domain.alerts import AlertType
from shared.domain.close_causes import CloseCause
from shared.domain.orders import OrderState
from shared.domain.time_value import SpreadRecord, TimeValueStatus
from tests.afternoons import Afternoon, play
from tests.builders import a_spread
from tests.trading_worlds import CUTOFF, LONG_KEY, SHORT_KEY, new_york

NOON_AT = new_york(12, 0)
SPREAD_ID = a_spread().spread_id


class Noon(Afternoon):
    """Long before the end of the day, QQQ far above the short put."""

    def __init__(self, *names: str) -> None:
        super().__init__(*names, at=NOON_AT)
        self.spot("600")

    def decay(self, bid: str, ask: str) -> None:
        """Let the short put trade here, the long one at a cent."""
        self.show(585, "0.01", "0.02")
        self.show(590, bid, ask)

    async def record(self) -> SpreadRecord:
        return (await AsyncFirestoreSpreadRecords(self.documents).read([SPREAD_ID]))[SPREAD_ID]

    @property
    def told(self) -> list[AlertType]:
        return [told for told, _ in self.pager.told]


def test_what_has_time_value_is_left_alone_and_recorded_once_for_all() -> None:
    async def story(world: Noon) -> None:
        await world.start()
        await world.run_to(12, 10)
        assert world.closings == []
        assert world.told == []
        record = await world.record()
        assert record.status is TimeValueStatus.SAFE
        assert record.time_value == Decimal("1.97")
        assert record.read_at == new_york(12, 10)
        assert not record.is_stale

    play(lambda: Noon("anna", "bert"), story)


def test_a_critical_spread_is_closed_for_everybody_after_the_second_reading() -> None:
    async def story(world: Noon) -> None:
        await world.start()
        await world.run_to(12, 2, 30)
        world.decay("0.04", "0.06")
        await world.run_to(12, 3, 4)
        assert world.closings == []
        await world.run_to(12, 3, 6)
        for name in ("anna", "bert"):
            assert world.sent(name) == ["0.05"]
            assert world.closing(name).state is OrderState.FILLED
            assert world.closing(name).close_cause is CloseCause.TIME_VALUE
            assert world.position(name).is_flat
            assert world.at_broker(name) == [0, 0]
        assert world.told == [AlertType.TIME_VALUE_CRITICAL]
        assert (await world.record()).status is TimeValueStatus.CRITICAL

    play(lambda: Noon("anna", "bert"), story)


def test_a_single_critical_reading_closes_nothing() -> None:
    async def story(world: Noon) -> None:
        await world.start()
        await world.run_to(12, 2, 30)
        world.decay("0.04", "0.06")
        await world.run_to(12, 3, 2)
        world.decay("1.30", "1.32")
        await world.run_to(12, 3, 59)
        assert (world.closings, world.told) == ([], [])

    play(lambda: Noon("anna"), story)


def test_a_risk_is_told_once_per_change_and_nothing_is_closed() -> None:
    async def story(world: Noon) -> None:
        await world.start()
        for minute, bid in ((2, "0.50"), (5, "1.50"), (8, "0.60")):
            await world.run_to(12, minute, 30)
            world.decay(bid, str(Decimal(bid) + Decimal("0.02")))
        await world.run_to(12, 15)
        assert world.pager.told == [
            (AlertType.TIME_VALUE_RISK, f"{SPREAD_ID}~1"),
            (AlertType.TIME_VALUE_RISK, f"{SPREAD_ID}~2"),
        ]
        assert world.closings == []

    play(lambda: Noon("anna"), story)


def test_a_value_that_hovers_around_the_bound_is_told_once() -> None:
    async def story(world: Noon) -> None:
        await world.start()
        for minute, bid in ((2, "0.98"), (3, "1.02"), (4, "0.95"), (5, "1.08"), (6, "0.97")):
            await world.run_to(12, minute, 30)
            world.decay(bid, str(Decimal(bid) + Decimal("0.02")))
        await world.run_to(12, 8)
        assert world.pager.told == [(AlertType.TIME_VALUE_RISK, f"{SPREAD_ID}~1")]

    play(lambda: Noon("anna"), story)


def test_in_the_scope_itm_what_is_out_of_the_money_is_left_until_it_is_in() -> None:
    async def story(world: Noon) -> None:
        world._write("settings/trading", {"entry_cutoff": CUTOFF, "time_value": {"scope": "itm"}})
        world.decay("0.04", "0.06")
        await world.start()
        await world.run_to(12, 4, 30)
        assert world.closings == []
        assert (await world.record()).status is TimeValueStatus.CRITICAL
        world.show(590, "2.00", "2.02")
        world.show(585, "0.10", "0.12")
        world.spot("588.00")
        await world.run_to(12, 5, 6)
        assert world.position("anna").is_flat
        assert AlertType.TIME_VALUE_CRITICAL in world.told

    play(lambda: Noon("anna"), story)


def test_stale_quotes_close_nothing_and_are_told_once() -> None:
    async def story(world: Noon) -> None:
        await world.start()
        await world.run_to(12, 2, 30)
        world.decay("0.04", "0.06")
        world.market.is_live = False
        await world.run_to(12, 6, 30)
        assert world.closings == []
        assert world.pager.told == [(AlertType.MARKET_DATA_STALE, SPREAD_ID)]
        record = await world.record()
        assert record.is_stale
        assert record.status is TimeValueStatus.SAFE
        assert record.read_at == new_york(12, 2)
        world.market.is_live = True
        await world.run_to(12, 7, 6)
        assert world.position("anna").is_flat

    play(lambda: Noon("anna"), story)


def test_a_feed_that_pauses_for_a_moment_is_told_to_nobody() -> None:
    async def story(world: Noon) -> None:
        await world.start()
        await world.run_to(12, 2, 30)
        world.market.is_live = False
        await world.run_to(12, 3, 2)
        world.market.is_live = True
        await world.run_to(12, 3, 30)
        assert world.told == []
        assert (await world.record()).read_at == new_york(12, 3, 5)

    play(lambda: Noon("anna"), story)


def test_the_next_leader_tells_no_change_twice() -> None:
    async def story(world: Noon) -> None:
        world.decay("0.50", "0.52")
        await world.start()
        await world.run_to(12, 2)
        await world.die()
        world.make_brokers()
        world.pager.alerts.clear()
        await world.lead("two")
        await world.run_to(12, 5)
        assert world.told == []
        assert (await world.record()).warnings == 1

    play(lambda: Noon("anna"), story)


def test_a_spread_of_a_later_expiry_is_watched_too() -> None:
    async def story(world: Afternoon) -> None:
        world.spot("600")
        for leg, bid in zip(world.spread.opening_legs, ("0.01", "0.04"), strict=True):
            ask = str(Decimal(bid) + Decimal("0.01"))
            world.market.show(leg.contract.key, bid, ask, at=world.clock.now())
        await world.start()
        await world.run_to(12, 30, 6)
        assert world.sent("anna") == ["0.04"]
        assert world.position("anna").is_flat

    play(lambda: Afternoon("anna", spread=a_spread(expiry="2026-11-30")), story)


def test_a_worthless_long_leg_that_nobody_bids_for_does_not_keep_the_pair_open() -> None:
    async def story(world: Noon) -> None:
        await world.start()
        await world.run_to(12, 2, 30)
        world.show(590, "0.04", "0.06")
        world.show(585, None, "0.01")
        await world.run_to(12, 3, 30)
        assert world.sent("anna")[0] == "0.06"
        assert [leg.contract.key for leg in world.books["anna"].sent[0].legs] == [
            LONG_KEY,
            SHORT_KEY,
        ]

    play(lambda: Noon("anna"), story)
