"""Readings of both books: the simulator's state, and the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import requests
from pydantic import BaseModel

from shared.adapters.firestore.records import read_all
from shared.domain.alerts import Alert
from shared.domain.external_trades import ExternalTrade, held_by_others
from shared.domain.fills import Fill
from shared.domain.money import ZERO
from shared.domain.options import OptionContract, Right
from shared.domain.orders import Order
from shared.domain.positions import Position
from shared.ports.documents import Documents, Query, Snapshot
from tests.crash.both_books import BrokerBook, BrokerOrderSeen, ExecutionSeen, OurBook

R = TypeVar("R", Order, Fill, Position)

_LIVE = frozenset({"PendingSubmit", "PreSubmitted", "Submitted", "PendingCancel"})
_SECONDS = 30


class _Order(BaseModel):
    order_ref: str
    order_id: int
    perm_id: int
    doubles: int
    quantity: int
    filled: int
    status: str


class _Held(BaseModel):
    symbol: str
    sec_type: str
    expiry: str
    strike: Decimal
    right: str
    quantity: int


class _Execution(BaseModel):
    exec_id: str
    at: datetime
    account: str
    order_ref: str
    sec_type: str
    local_symbol: str
    side: str
    shares: int
    price: Decimal
    commission: Decimal | None


class _Account(BaseModel):
    positions: list[_Held]


class _Login(BaseModel):
    accounts: dict[str, _Account]
    orders: list[_Order]
    executions: list[_Execution]


class _State(BaseModel):
    logins: dict[str, _Login]


def read_broker(control_url: str) -> BrokerBook:
    """Ask the simulator for its book."""
    answer = requests.get(f"{control_url}/state", timeout=_SECONDS)
    answer.raise_for_status()
    logins = _State.model_validate_json(answer.content).logins.values()
    return BrokerBook(
        orders=tuple(_order(order) for login in logins for order in login.orders),
        executions=tuple(
            _execution(one)
            for login in logins
            for one in latest(login.executions)
            if one.sec_type != "BAG"
        ),
        positions={
            (account_id, _key(held)): held.quantity
            for login in logins
            for account_id, account in login.accounts.items()
            for held in account.positions
            if held.quantity
        },
    )


def read_ours(documents: Documents, alerts: Iterable[Alert]) -> OurBook:
    """Read our book from the database."""
    return OurBook(
        orders=_all(documents, Order, "orders"),
        fills=_all(documents, Fill, "fills"),
        positions=_all(documents, Position, "positions"),
        alerts=tuple(alerts),
        external=read_external(documents),
    )


def read_external(documents: Documents) -> Mapping[tuple[str, str], int]:
    """What trades of others moved, contracts by account and our contract key."""
    trades = read_all(ExternalTrade, _find(documents, "external_trades"))
    return {
        (account_id, key): quantity
        for account_id in sorted({one.account_id for one in trades})
        for key, quantity in held_by_others(trades, account_id).items()
        if quantity
    }


def latest(executions: list[_Execution]) -> list[_Execution]:
    """Of executions whose ids differ after the last dot alone, the one corrected last."""
    newest: dict[str, _Execution] = {}
    for one in executions:
        stem = one.exec_id.rpartition(".")[0]
        if stem not in newest or newest[stem].exec_id < one.exec_id:
            newest[stem] = one
    return list(newest.values())


def _all(documents: Documents, kind: type[R], collection: str) -> tuple[R, ...]:
    return read_all(kind, _find(documents, collection))


def _find(documents: Documents, collection: str) -> tuple[Snapshot, ...]:
    return documents.find(Query(collection=collection))


def _order(order: _Order) -> BrokerOrderSeen:
    return BrokerOrderSeen(
        order_ref=order.order_ref,
        # What the broker made of ours by itself counts as sent under our id, as it was.
        order_id=order.doubles or order.order_id,
        perm_id=order.perm_id,
        quantity=order.quantity,
        filled=order.filled,
        is_live=order.status in _LIVE,
    )


def _execution(one: _Execution) -> ExecutionSeen:
    return ExecutionSeen(
        exec_id=one.exec_id,
        order_ref=one.order_ref,
        account_id=one.account,
        contract_key=one.local_symbol if one.sec_type != "OPT" else _occ_key(one.local_symbol),
        signed_quantity=one.shares if one.side == "BOT" else -one.shares,
        price=one.price,
        fee=one.commission or ZERO,
        at=one.at,
    )


def _key(held: _Held) -> str:
    if held.sec_type != "OPT":
        return held.symbol
    return _contract(held.symbol, held.expiry[2:], held.right, held.strike)


def _occ_key(local_symbol: str) -> str:
    """Our key of an option from its OCC symbol: six of root, yymmdd, C or P, strike x 1000."""
    root, rest = local_symbol[:6].strip(), local_symbol[6:]
    return _contract(root, rest[:6], rest[6], Decimal(rest[7:]) / 1000)


def _contract(symbol: str, yymmdd: str, right: str, strike: Decimal) -> str:
    return OptionContract(
        symbol=symbol,
        expiry=f"20{yymmdd[:2]}-{yymmdd[2:4]}-{yymmdd[4:]}",
        strike=strike,
        right=Right(right),
    ).key
