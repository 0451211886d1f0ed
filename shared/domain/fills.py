"""Executions: what really traded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NewType

from shared.domain.followers import AccountId, FollowerId
from shared.domain.options import ContractKey
from shared.domain.orders import OrderId
from shared.domain.spreads import Side

ExecId = NewType("ExecId", str)

COMBO_KEY = ContractKey("BAG")
"""Contract key of a combo execution; it serves matching only, profit comes from the legs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fill:
    """One execution of a leg, or of the combo itself.

    Attributes:
        exec_id: The broker's execution id without its correction suffix.
        order_id: Our order.
        follower_id: Whose.
        account_id: Broker account.
        session_date: ISO text.
        contract_key: The leg's contract, or COMBO_KEY.
        side: BUY or SELL of that contract.
        quantity: Contracts (spreads for a combo), positive; 0 once a correction took it back.
        price: USD per share; signed for a combo (credit negative), never negative for a leg.
        multiplier: Shares per contract.
        fee: Broker fee, USD, positive; None until the broker reported it.
        at: Market time of the execution (UTC).
        revision: Correction suffix; a higher one replaces a lower.
        order_ref: Our reference on the broker order that filled; empty on what we book ourselves.
    """

    exec_id: ExecId
    order_id: OrderId
    follower_id: FollowerId
    account_id: AccountId
    session_date: str
    contract_key: ContractKey
    side: Side
    quantity: int
    price: Decimal
    multiplier: int
    fee: Decimal | None
    at: datetime
    revision: str = "01"
    order_ref: str = ""

    @property
    def is_combo(self) -> bool:
        """True for the combo's own execution."""
        return self.contract_key == COMBO_KEY

    @property
    def signed_quantity(self) -> int:
        """Contracts gained (positive) or given (negative)."""
        return self.side.sign * self.quantity


def split_exec_id(broker_exec_id: str) -> tuple[ExecId, str]:
    """Split a broker execution id into its lasting part and its correction suffix.

    IBKR: ids that differ only after the last dot are corrections of the same execution.
    """
    stem, dot, revision = broker_exec_id.rpartition(".")
    return (ExecId(stem), revision) if dot else (ExecId(broker_exec_id), "01")
