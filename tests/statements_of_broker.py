"""Builders of broker statements: a test names what matters to it, the rest is an ordinary day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from shared.domain.broker_statement import (
    AccountStatement,
    BrokerStatement,
    CashTransaction,
    OptionEvent,
    OptionEventKind,
    StatementPosition,
    StatementTrade,
)
from shared.domain.fills import ExecId, Fill
from shared.domain.followers import AccountId
from shared.domain.options import ContractKey, OptionContract, underlying_key
from shared.domain.orders import BrokerIds, Order, OrderState, order_ref_of
from shared.domain.spreads import Side
from tests.builders import NOON, SESSION_DATE, a_contract, a_fill, a_spread, an_order

ACCOUNT = AccountId("DU0000001")
STOCK = underlying_key("QQQ")
LONG_LEG, SHORT_LEG = a_contract("585"), a_contract("590")
BUYING, SELLING = "00020057.69b23d39.02", "00020057.69b23d39.03"
"""Executions of the legs of one combo; that of the combo itself ends in .01."""


def a_traded_order(quantity: int = 5) -> Order:
    """The ordinary order of 5 spreads 585/590, filled; its reference is the derived one."""
    order = an_order(OrderState.FILLED, quantity=quantity, filled_quantity=quantity)
    ids = BrokerIds(
        order_ref=order_ref_of(order.order_id), client_id=7, broker_order_id=11, perm_id=901
    )
    return replace(order, broker=ids)


ORDER = a_traded_order()
ORDER_REF = order_ref_of(ORDER.order_id)
ORDERS = {ORDER_REF: ORDER}


def leg_fills(quantity: int = 5, fee: str | None = "3.25") -> tuple[Fill, Fill]:
    """The fills of the ordinary order, as the gateway books them."""
    return (
        replace(
            a_fill(Side.BUY, quantity, "1.10", contract=LONG_LEG, fee=fee, exec_id=BUYING),
            order_ref=ORDER_REF,
        ),
        replace(
            a_fill(Side.SELL, quantity, "1.95", contract=SHORT_LEG, fee=fee, exec_id=SELLING),
            order_ref=ORDER_REF,
        ),
    )


def a_trade(
    exec_id: str = BUYING,
    side: Side = Side.BUY,
    quantity: str = "5",
    price: str = "1.10",
    *,
    contract: OptionContract | None = LONG_LEG,
    fee: str = "3.25",
    revision: str = "01",
    order_ref: str = ORDER_REF,
    trade_id: str = "",
    broker_order_id: str = "726326436",
    minutes: int = 0,
) -> StatementTrade:
    """An execution; of the stock where the contract is None."""
    return StatementTrade(
        broker_exec_id=f"{exec_id}.{revision}",
        trade_id=trade_id or f"t-{exec_id}",
        broker_order_id=broker_order_id,
        order_ref=order_ref,
        account_id=ACCOUNT,
        session_date=SESSION_DATE,
        contract_key=STOCK if contract is None else contract.key,
        contract=contract,
        multiplier=1 if contract is None else contract.multiplier,
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=Decimal(fee),
        executed_at=NOON + timedelta(minutes=minutes),
    )


def leg_trades() -> tuple[StatementTrade, StatementTrade]:
    """What the broker tells of the ordinary order."""
    return a_trade(), a_trade(SELLING, Side.SELL, price="1.95", contract=SHORT_LEG)


def a_cancellation(of: StatementTrade, fee: str = "0") -> StatementTrade:
    """The row that takes another back."""
    return replace(
        of, broker_exec_id="", trade_id="", canceled_trade_id=of.trade_id, fee=Decimal(fee)
    )


def a_booking(
    kind: OptionEventKind,
    contract: OptionContract | None,
    side: Side,
    quantity: str,
    *,
    price: str = "0",
    fee: str = "0",
) -> StatementTrade:
    """A trade that the broker booked itself of an option's end; of the shares without contract."""
    trade = a_trade("", side, quantity, price, contract=contract, fee=fee, order_ref="")
    name = f"b-{kind}-{trade.contract_key}"
    return replace(trade, broker_exec_id="", trade_id=name, event=kind)


def an_event(
    kind: OptionEventKind, contract: OptionContract, quantity: str, *, date: str = SESSION_DATE
) -> OptionEvent:
    return OptionEvent(
        account_id=ACCOUNT,
        session_date=date,
        kind=kind,
        contract_key=contract.key,
        contract=contract,
        quantity=Decimal(quantity),
    )


def held(key: ContractKey, quantity: str) -> StatementPosition:
    return StatementPosition(account_id=ACCOUNT, contract_key=key, quantity=Decimal(quantity))


SPREAD_HELD = (held(LONG_LEG.key, "5"), held(SHORT_LEG.key, "-5"))


def a_statement(
    trades: Iterable[StatementTrade] = (),
    positions: Iterable[StatementPosition] = (),
    *,
    events: Iterable[OptionEvent] = (),
    cash: Iterable[CashTransaction] = (),
    account_id: AccountId = ACCOUNT,
) -> BrokerStatement:
    return BrokerStatement(
        accounts=(
            AccountStatement(
                account_id=account_id,
                from_date=SESSION_DATE,
                to_date=SESSION_DATE,
                generated_at=NOON + timedelta(hours=14),
                trades=tuple(trades),
                option_events=tuple(events),
                positions=tuple(positions),
                cash_transactions=tuple(cash),
            ),
        )
    )


def a_settlement(
    name: str, contract: OptionContract | None, side: Side, quantity: int, price: str = "0"
) -> Fill:
    """What `book_settlement` books of an option's end; of the shares without contract."""
    key = STOCK if contract is None else contract.key
    return replace(
        a_fill(side, quantity, price, fee="0", at=NOON + timedelta(hours=4)),
        exec_id=ExecId(f"{name}-anna~{a_spread().spread_id}-{key}"),
        contract_key=key,
        multiplier=1 if contract is None else contract.multiplier,
    )
