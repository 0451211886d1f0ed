"""A write gate around a broker in memory, and what its rules say."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from gateway.logins.pacer import Pacer
from gateway.logins.write_gate import WriteGate, WriteRules
from shared.domain.controls import TradingMode
from shared.domain.followers import AccountId
from shared.domain.orders import BrokerIds, Purpose
from shared.domain.spreads import Side
from shared.ports.broker import (
    BrokerEvent,
    ComboOrder,
    ExerciseRequest,
    NotSent,
    StockOrder,
    Withheld,
)
from tests.builders import a_spread
from tests.desks import RELEASE_AT
from tests.fakes.async_clock import AsyncManualClock
from tests.fakes.broker import FakeBroker
from tests.fakes.broker_book import FakeMarket

CLOCK = AsyncManualClock(RELEASE_AT)
LEGS = a_spread().opening_legs
ACCOUNT = AccountId("DU1")


class Guarded:
    """A gate around a broker in memory, and what its rules say."""

    def __init__(
        self,
        *,
        most: int = 45,
        is_dry_run: bool = False,
        broker_type: type[FakeBroker] = FakeBroker,
    ) -> None:
        market = FakeMarket(is_live=True)
        market.show("QQQ", "592.00", "592.02", at=RELEASE_AT)
        for leg, bid, ask in zip(LEGS, ("0.98", "1.96"), ("1.00", "1.98"), strict=True):
            market.show(leg.contract.key, bid, ask, at=RELEASE_AT)
        self.broker = broker_type("login-1", [ACCOUNT], market, now=CLOCK.now)
        self.lease, self.mode = True, TradingMode.NORMAL
        self.events: list[BrokerEvent] = []
        rules = WriteRules(
            lease_stands=lambda: self.lease, mode=lambda: self.mode, is_dry_run=is_dry_run
        )
        self.gate = WriteGate(self.broker, rules, Pacer(most=most))
        self.gate.listen(lambda _, event: self.events.append(event))

    async def open(self) -> None:
        await self.gate.connect()
        await self.gate.resolve("QQQ", [leg.contract for leg in LEGS])
        self.gate.reconciled(self.gate.losses)

    def writes(self) -> dict[str, Callable[[], None]]:
        """Every kind of write."""
        share = StockOrder(
            ids=ids(90),
            account_id=ACCOUNT,
            symbol="QQQ",
            side=Side.BUY,
            quantity=1,
            limit=Decimal(1),
        )
        exercise = ExerciseRequest(account_id=ACCOUNT, contract=LEGS[0].contract, quantity=1)
        return {
            "open": lambda: self.gate.place(combo(50)),
            "close": lambda: self.gate.place(combo(60, purpose=Purpose.CLOSE)),
            "shares": lambda: self.gate.place(share),
            "exercise": lambda: self.gate.exercise(exercise),
            "cancel": lambda: self.gate.cancel(ids(70)),
        }

    def reached(self) -> list[str]:
        """Kinds of writes that reached the broker."""
        book = self.broker.book
        kinds = ["open" if one.purpose is Purpose.OPEN else "close" for one in book.sent]
        kinds += ["shares"] * len(book.sent_stock) + ["exercise"] * len(book.exercises)
        return kinds + ["cancel"] * len(self.broker.canceled)

    def let_through(self) -> list[str]:
        """Try every kind of write once; which were let through."""
        passed = []
        for kind, write in self.writes().items():
            try:
                write()
            except Withheld:
                continue
            passed.append(kind)
        assert passed == self.reached(), "what was withheld did not reach the broker"
        return passed

    @property
    def unsent(self) -> list[tuple[int, str]]:
        found = [event for event in self.events if isinstance(event, NotSent)]
        return [(event.broker_order_id, event.why) for event in found]


def ids(number: int) -> BrokerIds:
    return BrokerIds(order_ref=f"SP-{number}", client_id=11, broker_order_id=number)


def combo(number: int, limit: str = "-1.00", purpose: Purpose = Purpose.OPEN) -> ComboOrder:
    return ComboOrder(
        ids=ids(number),
        account_id=ACCOUNT,
        symbol="QQQ",
        legs=LEGS,
        quantity=1,
        limit=Decimal(limit),
        purpose=purpose,
    )
