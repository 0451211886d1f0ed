"""Orders and contracts of ours in the fields of IBKR's API; the library itself is not needed."""

from __future__ import annotations

from typing import Any

from gateway.broker.ibkr_codec import good_till_text
from shared.domain.options import OptionContract
from shared.domain.spreads import Side
from shared.ports.broker import ComboOrder, StockOrder, WhatIf


def option_fields(contract: OptionContract) -> dict[str, Any]:
    """Write what is looked up for an option; the expiry in IBKR's form without hyphens."""
    return {
        "secType": "OPT",
        "symbol": contract.symbol,
        "lastTradeDateOrContractMonth": contract.expiry.replace("-", ""),
        "strike": float(contract.strike),
        "right": contract.right.value,
        "exchange": "SMART",
        "multiplier": str(contract.multiplier),
        "currency": "USD",
    }


def what_if_fields(order: WhatIf) -> dict[str, Any]:
    """Write a what-if order; the library itself marks it as one."""
    return {
        "orderType": "LMT",
        "action": "BUY",
        "totalQuantity": order.quantity,
        "lmtPrice": float(order.limit),
        "account": order.account_id,
        "tif": "DAY",
    }


def side_of(order: ComboOrder | StockOrder) -> Side:
    """Tell how an order is sent: a combo is bought, one contract alone is bought or sold."""
    if isinstance(order, StockOrder):
        return order.side
    return order.legs[0].side if len(order.legs) == 1 else Side.BUY


def limit_price_of(order: ComboOrder | StockOrder) -> float:
    """Write a limit as IBKR reads it: signed for a combo, positive for one contract alone."""
    is_alone = isinstance(order, ComboOrder) and len(order.legs) == 1
    return float(order.limit * side_of(order).sign if is_alone else order.limit)


def order_fields(order: ComboOrder | StockOrder) -> dict[str, Any]:
    """Write a limit order.

    It is good for the day by its own word, so that IBKR need not say so (10349), or until the
    instant it names.
    """
    fields = {
        "orderType": "LMT",
        "action": side_of(order).value,
        "totalQuantity": order.quantity,
        "lmtPrice": limit_price_of(order),
        "orderId": order.ids.broker_order_id,
        "account": order.account_id,
        "orderRef": order.ids.order_ref,
        "tif": "DAY",
    }
    if isinstance(order, ComboOrder) and order.good_till is not None:
        fields |= {"tif": "GTD", "goodTillDate": good_till_text(order.good_till)}
    return fields
