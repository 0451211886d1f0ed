"""What the fake broker trades in and keeps: a market that the test sets, and a login's book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from shared.domain.fills import COMBO_KEY
from shared.domain.followers import AccountId
from shared.domain.options import ContractKey
from shared.domain.quotes import Quote
from shared.domain.spreads import Leg, Side
from shared.ports.broker import (
    ComboOrder,
    CompletedBrokerOrder,
    Execution,
    OpenBrokerOrder,
    Sweep,
)

FEE = Decimal("0.65")
"""Broker fee per contract and leg, USD, as the simulator charges it."""


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

    asked: ComboOrder
    perm_id: int
    filled: int = 0
    status: str = "Submitted"

    @property
    def is_live(self) -> bool:
        return self.status == "Submitted"


@dataclass
class BrokerBook:
    """What the broker keeps of a login, connected or not."""

    orders: dict[int, BrokerOrder] = field(default_factory=dict)
    executions: list[Execution] = field(default_factory=list)
    positions: dict[tuple[AccountId, ContractKey], int] = field(default_factory=dict)
    sent: list[ComboOrder] = field(default_factory=list)
    """Every order and modification that arrived, in order."""

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
                one.broker_exec_id: FEE * one.quantity
                for one in self.executions
                if one.contract_key != COMBO_KEY
            },
            positions=dict(self.positions),
        )


def corrected(execution: Execution, *, price: str, revision: str = "02") -> Execution:
    """The same execution as the broker corrects it: only the last part of its id differs."""
    stem = execution.broker_exec_id.rpartition(".")[0]
    return replace(execution, broker_exec_id=f"{stem}.{revision}", price=Decimal(price))
