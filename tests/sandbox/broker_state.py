"""The broker's own state at the end of the day, as the simulator's control API tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import requests

from shared.domain.options import OptionContract, Right

_LIVE = frozenset({"PendingSubmit", "PreSubmitted", "Submitted", "PendingCancel"})
_SECONDS = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerOrder:
    """One order at the broker."""

    order_ref: str
    is_live: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerState:
    """What the broker has.

    Attributes:
        orders: Every order of the day.
        positions: Contracts by account and our contract key; never zero.
    """

    orders: tuple[BrokerOrder, ...]
    positions: Mapping[tuple[str, str], int]


def read_broker_state(control_url: str) -> BrokerState:
    """Ask the simulator for its book."""
    answer = requests.get(f"{control_url}/state", timeout=_SECONDS)
    answer.raise_for_status()
    logins = answer.json()["logins"].values()
    orders = tuple(
        BrokerOrder(order_ref=order["order_ref"], is_live=order["status"] in _LIVE)
        for login in logins
        for order in login["orders"]
    )
    positions = {
        (account_id, _key(held)): int(held["quantity"])
        for login in logins
        for account_id, account in login["accounts"].items()
        for held in account["positions"]
        if int(held["quantity"])
    }
    return BrokerState(orders=orders, positions=positions)


def _key(held: Mapping[str, str]) -> str:
    if held["sec_type"] != "OPT":
        return held["symbol"]
    expiry = held["expiry"]
    return OptionContract(
        symbol=held["symbol"],
        expiry=f"{expiry[:4]}-{expiry[4:6]}-{expiry[6:]}",
        strike=Decimal(held["strike"]),
        right=Right(held["right"]),
    ).key
