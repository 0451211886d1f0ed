"""IBKR's Flex XML, read into our own words; pure.

Only the sections Trades, OptionEAE, OpenPositions and CashTransactions are read, and of them only
what we need; IBKR writes a section without rows as an empty element, so that a missing one means
a query without it. Names of elements and attributes, from real statements:
https://github.com/csingley/ibflex/blob/master/ibflex/Types.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from shared.adapters.flex_codes import SERVICE
from shared.adapters.flex_rows import FlexRow
from shared.domain.broker_statement import (
    AccountStatement,
    BrokerStatement,
    CashTransaction,
    OptionEvent,
    OptionEventKind,
    StatementPosition,
    StatementTrade,
    TradeLevel,
)
from shared.domain.errors import AdapterError, InvalidInput
from shared.domain.followers import AccountId
from shared.domain.spreads import Side

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_CURRENCY = "USD"
# https://www.ibkrguides.com/reportingreference/reportguide/codes_flex.htm
_EVENTS = {
    "A": OptionEventKind.ASSIGNMENT,
    "Ex": OptionEventKind.EXERCISE,
    "AEx": OptionEventKind.EXERCISE,
    "MEx": OptionEventKind.EXERCISE,
    "Ep": OptionEventKind.EXPIRATION,
}
_KINDS = {kind.value: kind for kind in OptionEventKind}


@dataclass(frozen=True, kw_only=True, slots=True)
class FlexAnswer:
    """What the service answers where it does not hand over a statement.

    Attributes:
        is_success: True where the statement is being made.
        reference_code: Under which it is fetched; empty where it failed.
        url: Where it is fetched; empty where it failed.
        code: Error code as text; empty on success.
        message: The service's own words.
    """

    is_success: bool
    reference_code: str = ""
    url: str = ""
    code: str = ""
    message: str = ""


def read_flex(body: bytes) -> FlexAnswer | BrokerStatement:
    """Read an answer of the service, or the statement itself.

    Raises:
        AdapterError: It is cut off or no XML; the same request may succeed later.
        InvalidInput: It holds what no statement of ours may, or lacks a section or attribute;
            names it.
    """
    try:
        root = fromstring(body)
    except ParseError:
        words = f"no complete XML in {len(body)} bytes"
        raise AdapterError(SERVICE, words, retryable=True) from None
    except DefusedXmlException:
        raise InvalidInput("FlexQueryResponse", "declares entities; it is not read") from None
    if root.tag == "FlexQueryResponse":
        return _statement(root)
    if root.tag != "FlexStatementResponse":
        raise AdapterError(SERVICE, f"an answer of another kind: {root.tag}", retryable=True)
    return FlexAnswer(
        is_success=_said(root, "Status") == "Success",
        reference_code=_said(root, "ReferenceCode"),
        url=_said(root, "Url"),
        code=_said(root, "ErrorCode"),
        message=_said(root, "ErrorMessage"),
    )


def _said(root: Element, name: str) -> str:
    # IBKR has written both `Url` and `url`.
    found = next((one for one in root if one.tag.lower() == name.lower()), None)
    return "" if found is None else (found.text or "").strip()


def _statement(root: Element) -> BrokerStatement:
    whole = root.find("FlexStatements")
    accounts = [] if whole is None else whole.findall("FlexStatement")
    if whole is None or whole.get("count", str(len(accounts))) != str(len(accounts)):
        raise InvalidInput("FlexStatements.count", f"does not hold the {len(accounts)} it should")
    read = [_account(one) for one in accounts]
    return BrokerStatement(accounts=tuple(sorted(read, key=lambda one: one.account_id)))


def _account(element: Element) -> AccountStatement:
    head = FlexRow("FlexStatement", element.attrib)
    account_id = AccountId(head.text("accountId"))
    return AccountStatement(
        account_id=account_id,
        from_date=head.day("fromDate"),
        to_date=head.day("toDate"),
        generated_at=head.instant("whenGenerated"),
        trades=tuple(_trades(element, account_id)),
        option_events=tuple(_events(element, account_id)),
        positions=tuple(_positions(element, account_id)),
        cash_transactions=tuple(_cash(element, account_id)),
    )


def _rows(element: Element, section: str, *tags: str) -> Iterator[FlexRow]:
    """Read a section's rows in USD."""
    found = element.find(section)
    if found is None:
        raise InvalidInput(section, "is missing: add this section to the Flex query")
    account_id = element.get("accountId")
    for one in found:
        row = FlexRow(section, one.attrib)
        if one.tag not in tags or row.text("currency") != _CURRENCY:
            continue
        if row.text("accountId") != account_id:
            raise row.wrong(
                "accountId", f"is not {account_id}: do not consolidate accounts in the query"
            )
        yield row


def _trades(element: Element, account_id: AccountId) -> Iterator[StatementTrade]:
    for row in _rows(element, "Trades", "Trade", "Order"):
        is_execution = row.text("levelOfDetail") == "EXECUTION"
        if is_execution or row.optional("dateTime"):
            level = TradeLevel.EXECUTION if is_execution else TradeLevel.SUMMARY
            yield _trade(row, account_id, level)


def _trade(row: FlexRow, account_id: AccountId, level: TradeLevel) -> StatementTrade:
    if row.optional("ibCommissionCurrency") not in ("", _CURRENCY):
        raise row.wrong("ibCommissionCurrency", f"is not {_CURRENCY}: the fee cannot be booked")
    key, contract = row.contract()
    kind = row.optional("transactionType") if level is TradeLevel.SUMMARY else ""
    kind = kind or row.text("transactionType")
    return StatementTrade(
        broker_exec_id=row.told("ibExecID"),
        trade_id=row.told("tradeID"),
        broker_order_id=row.told("ibOrderID"),
        order_ref=row.told("orderReference"),
        canceled_trade_id=row.text("origTradeID") if kind == "TradeCancel" else "",
        account_id=account_id,
        session_date=row.day("tradeDate"),
        contract_key=key,
        contract=contract,
        multiplier=row.whole("multiplier"),
        side=_side(row),
        quantity=abs(row.number("quantity")),
        price=row.amount("tradePrice"),
        fee=-row.amount("ibCommission"),
        executed_at=row.instant("dateTime"),
        level=level,
        event=_event(row) if kind == "BookTrade" else None,
    )


def _side(row: FlexRow) -> Side:
    """Read a side; that of a cancellation is written "BUY (Ca.)"."""
    said = row.text("buySell").partition(" ")[0]
    if said not in ("BUY", "SELL"):
        raise row.wrong("buySell", f"{said!r} is neither BUY nor SELL")
    return Side(said)


def _event(row: FlexRow) -> OptionEventKind | None:
    codes = row.told("notes").split(";")
    return next((_EVENTS[code] for code in codes if code in _EVENTS), None)


def _events(element: Element, account_id: AccountId) -> Iterator[OptionEvent]:
    """Read what became of options; the shares that came of them are rows of their own."""
    for row in _rows(element, "OptionEAE", "OptionEAE"):
        kind = _KINDS.get(row.text("transactionType"))
        if row.text("assetCategory") == "OPT" and kind is not None:
            key, contract = row.contract()
            yield OptionEvent(
                account_id=account_id,
                session_date=row.day("date"),
                kind=kind,
                contract_key=key,
                contract=contract,
                quantity=row.number("quantity"),
            )


def _positions(element: Element, account_id: AccountId) -> Iterator[StatementPosition]:
    """Read positions; the lots of which they consist are rows of their own."""
    levels: set[str] = set()
    for row in _rows(element, "OpenPositions", "OpenPosition"):
        levels.add(row.text("levelOfDetail"))
        quantity = row.number("position")
        if row.text("levelOfDetail") == "SUMMARY" and quantity != Decimal(0):
            key, _ = row.contract()
            yield StatementPosition(account_id=account_id, contract_key=key, quantity=quantity)
    if levels and "SUMMARY" not in levels:
        raise InvalidInput(
            "OpenPositions.levelOfDetail", "has lots alone: add the summary to the Flex query"
        )


def _cash(element: Element, account_id: AccountId) -> Iterator[CashTransaction]:
    for row in _rows(element, "CashTransactions", "CashTransaction"):
        if row.optional("levelOfDetail") != "SUMMARY":
            yield CashTransaction(
                account_id=account_id, kind=row.text("type"), amount=row.amount("amount")
            )
