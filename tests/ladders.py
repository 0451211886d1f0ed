"""One ladder, walked on a scripted market at a fake broker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal

from shared.domain.followers import LoginId
from shared.domain.ladder import LadderRules, first_rung
from shared.domain.orders import Order, OrderState, moved
from shared.domain.quotes import NetQuote
from shared.ports.broker import BrokerEvent, Execution, OrderAcknowledged
from shared.use_cases.record_execution import record_execution
from shared.use_cases.work_order import Floor, LadderEnd, send_first_rung, work_order
from tests.builders import a_market
from tests.desks import CUTOFF_AT, RELEASE_AT, a_claimed_order, a_desk
from tests.fakes.async_clock import AsyncManualClock, calm
from tests.fakes.broker import FakeBroker
from tests.fakes.broker_book import FakeMarket


class Ladder:
    """One released order, its broker, and a market scripted rung by rung."""

    def __init__(self, *mids: str | None, natural: str = "9", quantity: int = 5) -> None:
        self.clock = AsyncManualClock(RELEASE_AT)
        self.order = a_claimed_order(OrderState.RELEASING, quantity=quantity)
        self.desk = a_desk(self.clock, self.order)
        self.mids = mids
        self.allowed = True
        self.cutoff_at = CUTOFF_AT
        self.fills = FakeMarket()
        self.show(natural)
        self.broker = FakeBroker("login-1", ["DU0000001"], self.fills, now=self.clock.now)
        self.broker.listen(self.on_event)
        self.between: Callable[[int], None] = lambda _: None
        """Called after every second of market time, with the seconds since the first rung."""

    @property
    def floor(self) -> Floor:
        return Floor(
            desk=self.desk,
            broker=self.broker,
            clock=self.clock,
            rules=LadderRules(),
            market=self._market,
            may_open=lambda: self.allowed,
            cutoff_at=self.cutoff_at,
        )

    def show(self, natural: str) -> None:
        """Let the broker fill what is bid at this net price or above."""
        now = self.clock.now()
        self.fills.show("QQQ", "592", "592.02", at=now)
        long = Decimal(natural) + 20
        self.fills.show(self.order.legs[0].contract.key, "0.01", str(long), at=now)
        self.fills.show(self.order.legs[1].contract.key, "20", "30", at=now)

    def walk(self, step: int = 1) -> LadderEnd:
        """Walk to the end, market time moving in steps of so many seconds."""
        return asyncio.run(self._walk(step))

    async def start(self) -> None:
        await self.broker.connect()
        await self.broker.resolve("QQQ", [leg.contract for leg in self.order.legs])
        market = self._market()
        assert market is not None
        send_first_rung(self.order, first_rung(market.mid, LadderRules()), market, self.floor)
        await calm()

    async def _walk(self, step: int) -> LadderEnd:
        await self.start()
        walking = asyncio.create_task(work_order(self.order.order_id, self.floor))
        for second in range(step, 61, step):
            await self.clock.advance(step)
            self.between(second)
            await calm()
            if walking.done():
                break
        return await asyncio.wait_for(walking, 1)

    @property
    def now(self) -> Order:
        return self.desk.order(self.order.order_id)

    @property
    def limits(self) -> list[str]:
        return [str(rung.limit) for rung in self.now.rungs]

    @property
    def sent(self) -> list[str]:
        return [str(order.limit) for order in self.broker.book.sent]

    @property
    def elapsed(self) -> int:
        return int((self.clock.now() - RELEASE_AT).total_seconds())

    def _market(self) -> NetQuote | None:
        mid = self.mids[min(self.elapsed // 5, len(self.mids) - 1)]
        if mid is None:
            return None
        return a_market(str(Decimal(mid) - Decimal("0.02")), str(Decimal(mid) + Decimal("0.02")))

    def on_event(self, _: LoginId, event: BrokerEvent) -> None:
        if isinstance(event, Execution):
            record_execution(event, None, desk=self.desk)
        elif isinstance(event, OrderAcknowledged) and self.now.state is OrderState.RELEASING:
            self.desk.put(moved(self.now, OrderState.WORKING))
