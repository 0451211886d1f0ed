"""What the fake broker trades in and keeps: a market that the test sets, and a login's book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from shared.domain.fills import COMBO_KEY
from shared.domain.followers import AccountId
from shared.domain.options import ContractKey, Right, underlying_key
from shared.domain.quotes import Quote
from shared.domain.spreads import Leg, Side
from shared.ports.broker import (
    ComboOrder,
    CompletedBrokerOrder,
    Execution,
    ExerciseRequest,
    OpenBrokerOrder,
    StockOrder,
    Sweep,
)

FEE = Decimal("0.65")
"""Broker fee per contract and leg, USD, as the simulator charges it."""
SHARE_FEE, LEAST_STOCK_FEE = Decimal("0.005"), Decimal("1.00")
"""Broker fee per share, and the least of a stock execution, USD."""


def fee_of(execution: Execution) -> Decimal:
    """Broker fee of one execution of a leg or of shares, USD."""
    if is_option(execution.contract_key):
        return FEE * execution.quantity
    return max(SHARE_FEE * execution.quantity, LEAST_STOCK_FEE)


def is_option(key: ContractKey) -> bool:
    return "-" in key


@dataclass
class FakeMarket:
    """What every login sees: quotes by contract; a contract that is not here is unknown."""

    quotes: dict[ContractKey, Quote] = field(default_factory=dict)
    is_live: bool = False
    """True: every feed proves alive all the time; False: a quote is as old as it is."""

    def quote(self, key: ContractKey, now: datetime) -> Quote:
        return replace(self.quotes[key], at=now) if self.is_live else self.quotes[key]

    def show(
        self, key: str, bid: str | None, ask: str | None, *, at: datetime, size: int = 100
    ) -> None:
        self.quotes[ContractKey(key)] = Quote(
            contract_key=ContractKey(key),
            bid=None if bid is None else Decimal(bid),
            ask=None if ask is None else Decimal(ask),
            bid_size=0 if bid is None else size,
            ask_size=0 if ask is None else size,
            at=at,
        )

    def natural_of(self, order: ComboOrder | StockOrder) -> tuple[Decimal, int] | None:
        """What trading at once costs: for a stock sold, what it brings, negative."""
        if isinstance(order, ComboOrder):
            return self.natural(order.legs)
        quote = self.quotes.get(underlying_key(order.symbol))
        if quote is None or quote.bid is None or quote.ask is None:
            return None
        if order.side is Side.BUY:
            return quote.ask, quote.ask_size
        return -quote.bid, quote.bid_size

    def natural(self, legs: Sequence[Leg]) -> tuple[Decimal, int] | None:
        """What buying the combo costs now, and for how many; None without two-sided quotes."""
        price, size = Decimal(0), 1_000_000
        for leg in legs:
            quote = self.quotes.get(leg.contract.key)
            if quote is None or quote.bid is None or quote.ask is None:
                return None
            buys = leg.side is Side.BUY
            price += quote.ask if buys else -quote.bid
            size = min(size, quote.ask_size if buys else quote.bid_size)
        return price, size


@dataclass
class BrokerOrder:
    """One order as the broker has it."""

    asked: ComboOrder | StockOrder
    perm_id: int
    filled: int = 0
    status: str = "Submitted"

    @property
    def is_live(self) -> bool:
        return self.status == "Submitted"

    @property
    def worked_limit(self) -> Decimal:
        """The most it pays; for a stock sold the least it takes, negative."""
        is_sale = isinstance(self.asked, StockOrder) and self.asked.side is Side.SELL
        return -self.asked.limit if is_sale else self.asked.limit

    @property
    def ends_at(self) -> datetime | None:
        return self.asked.good_till if isinstance(self.asked, ComboOrder) else None

    def parts(self) -> list[tuple[ContractKey, Side]]:
        """What changes hands, besides the combo itself."""
        if isinstance(self.asked, StockOrder):
            return [(underlying_key(self.asked.symbol), self.asked.side)]
        return [(leg.contract.key, leg.side) for leg in self.asked.legs]


@dataclass
class BrokerBook:
    """What the broker keeps of a login, connected or not."""

    orders: dict[int, BrokerOrder] = field(default_factory=dict)
    executions: list[Execution] = field(default_factory=list)
    positions: dict[tuple[AccountId, ContractKey], int] = field(default_factory=dict)
    sent: list[ComboOrder] = field(default_factory=list)
    """Every combo order and modification that arrived, in order."""
    sent_stock: list[StockOrder] = field(default_factory=list)
    """Every stock order and modification that arrived, in order."""
    exercises: list[ExerciseRequest] = field(default_factory=list)
    """Every exercise that arrived, in order."""

    def take(self, order: ComboOrder | StockOrder) -> None:
        if isinstance(order, ComboOrder):
            self.sent.append(order)
        else:
            self.sent_stock.append(order)

    def move(self, account_id: AccountId, key: ContractKey, signed_quantity: int) -> None:
        """Change a position."""
        held = self.positions.get((account_id, key), 0) + signed_quantity
        self.positions[account_id, key] = held
        if held == 0:
            del self.positions[account_id, key]

    def exercise(self, request: ExerciseRequest) -> bool:
        """Turn long options into shares at once, as the simulator does; False without them."""
        self.exercises.append(request)
        contract = request.contract
        if self.positions.get((request.account_id, contract.key), 0) < request.quantity:
            return False
        sign = 1 if contract.right is Right.CALL else -1
        shares = sign * contract.multiplier * request.quantity
        self.move(request.account_id, contract.key, -request.quantity)
        self.move(request.account_id, underlying_key(contract.symbol), shares)
        return True

    def sweep(self) -> Sweep:
        return Sweep(
            open_orders=tuple(
                OpenBrokerOrder(
                    order_ref=order.asked.ids.order_ref,
                    broker_order_id=order_id,
                    perm_id=order.perm_id,
                    account_id=order.asked.account_id,
                )
                for order_id, order in self.orders.items()
                if order.is_live
            ),
            completed_orders=tuple(
                CompletedBrokerOrder(
                    order_ref=order.asked.ids.order_ref,
                    perm_id=order.perm_id,
                    status=order.status,
                    message=order.status,
                )
                for order in self.orders.values()
                if not order.is_live
            ),
            executions=tuple(self.executions),
            fees={
                one.broker_exec_id: fee_of(one)
                for one in self.executions
                if one.contract_key != COMBO_KEY
            },
            positions=dict(self.positions),
        )


def corrected(execution: Execution, *, price: str, revision: str = "02") -> Execution:
    """The same execution as the broker corrects it: only the last part of its id differs."""
    stem = execution.broker_exec_id.rpartition(".")[0]
    return replace(execution, broker_exec_id=f"{stem}.{revision}", price=Decimal(price))
