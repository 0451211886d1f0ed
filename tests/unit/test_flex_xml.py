"""IBKR's Flex XML, read into our words; what is missing is named by section and attribute."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.flex_rows import FlexRow
from shared.adapters.flex_xml import FlexAnswer, read_flex
from shared.domain.broker_statement import (
    AccountStatement,
    BrokerStatement,
    OptionEventKind,
    TradeLevel,
)
from shared.domain.errors import AdapterError, InvalidInput
from shared.domain.fills import COMBO_KEY
from shared.domain.spreads import Side

# Attributes of a real statement, the account's number changed.
TRADE = (
    '<Trade accountId="DU1" currency="USD" assetCategory="OPT" symbol="QQQ   261127P00585000" '
    'underlyingSymbol="QQQ" multiplier="100" strike="585" expiry="20261127" putCall="P" '
    'tradeID="1786699376" dateTime="20261127;093003" tradeDate="20261127" '
    'transactionType="ExchTrade" quantity="2" tradePrice="0.73" ibCommission="-1.3666" '
    'ibCommissionCurrency="USD" notes="P" buySell="BUY" ibOrderID="726326436" '
    'ibExecID="0001938c.6a59af42.01.01" orderReference="SP-X" origTradeID="" '
    'levelOfDetail="EXECUTION" accruedInt="0" fineness="0.0" somethingNew="1" />'
)
CANCEL = (
    TRADE.replace("ExchTrade", "TradeCancel")
    .replace('quantity="2"', 'quantity="-2"')
    .replace("-1.3666", "0")
    .replace('buySell="BUY"', 'buySell="BUY (Ca.)"')
    .replace('ibExecID="0001938c.6a59af42.01.01"', 'ibExecID=""')
    .replace('origTradeID=""', 'origTradeID="1786699376"')
    .replace('tradeID="1786699376" ', 'tradeID="" ', 1)
)
EVENT = (
    '<OptionEAE accountId="DU1" currency="USD" assetCategory="OPT" '
    'symbol="QQQ   261127P00590000" underlyingSymbol="QQQ" multiplier="100" strike="590" '
    'expiry="20261127" putCall="P" date="20261127" transactionType="Assignment" quantity="20" '
    'tradePrice="0.0000" costBasis="21,792.73" tradeID="" />'
)
POSITION = (
    '<OpenPosition accountId="DU1" currency="USD" assetCategory="STK" symbol="QQQ" '
    'multiplier="1" position="-1,200.5" levelOfDetail="SUMMARY" />'
)
CASH = (
    '<CashTransaction accountId="DU1" currency="USD" type="Other Fees" amount="-10" '
    'levelOfDetail="DETAIL" />'
)
SECTIONS = {
    "Trades": TRADE,
    "OptionEAE": EVENT,
    "OpenPositions": POSITION,
    "CashTransactions": CASH,
}


def statement(sections: Mapping[str, str | None], count: str = "1") -> BrokerStatement:
    """Read a statement; a section given as None is left out."""
    told = {**SECTIONS, **sections}
    inner = "".join(f"<{name}>{rows}</{name}>" for name, rows in told.items() if rows is not None)
    read = read_flex(
        f'<FlexQueryResponse queryName="q" type="AF"><FlexStatements count="{count}">'
        '<FlexStatement accountId="DU1" fromDate="20261127" toDate="20261127" '
        f'period="LastBusinessDay" whenGenerated="20261128;021000">{inner}</FlexStatement>'
        "</FlexStatements></FlexQueryResponse>".encode()
    )
    assert isinstance(read, BrokerStatement)
    return read


def account(**sections: str | None) -> AccountStatement:
    return statement(sections).accounts[0]


def test_an_execution_is_read() -> None:
    (trade,) = account().trades
    assert trade.contract_key == "QQQ-2026-11-27-P-585"
    assert (trade.side, trade.quantity, trade.price) == (Side.BUY, Decimal(2), Decimal("0.73"))
    assert trade.fee == Decimal("1.3666")
    assert trade.executed_at == datetime(2026, 11, 27, 14, 30, 3, tzinfo=UTC)
    assert (trade.order_ref, trade.broker_order_id) == ("SP-X", "726326436")
    assert trade.level is TradeLevel.EXECUTION
    assert trade.contract is not None
    assert trade.contract.key == trade.contract_key


def test_a_commission_that_is_paid_back_is_a_negative_fee() -> None:
    (trade,) = account(Trades=TRADE.replace("-1.3666", "0.3333")).trades
    assert trade.fee == Decimal("-0.3333")


def test_a_cancellation_names_what_it_takes_back() -> None:
    _, cancel = account(Trades=TRADE + CANCEL).trades
    assert cancel.canceled_trade_id == "1786699376"
    assert (cancel.side, cancel.quantity, cancel.signed_quantity) == (
        Side.BUY,
        Decimal(2),
        Decimal(-2),
    )
    assert (cancel.broker_exec_id, cancel.trade_id, cancel.fee) == ("", "", Decimal(0))


@pytest.mark.parametrize(
    ("notes", "event"),
    [
        ("A", OptionEventKind.ASSIGNMENT),
        ("Ex", OptionEventKind.EXERCISE),
        ("C;Ep", OptionEventKind.EXPIRATION),
        ("AEx", OptionEventKind.EXERCISE),
        ("", None),
        ("M", None),
    ],
)
def test_what_the_broker_booked_of_an_option_says_what_became_of_it(
    notes: str, event: OptionEventKind | None
) -> None:
    booked = TRADE.replace("ExchTrade", "BookTrade").replace('notes="P"', f'notes="{notes}"')
    assert account(Trades=booked).trades[0].event is event
    assert account(Trades=TRADE.replace('notes="P"', 'notes="A"')).trades[0].event is None


def test_rows_of_orders_and_combos_are_told_apart_and_lots_left_out() -> None:
    order = TRADE.replace("<Trade", "<Order").replace('"EXECUTION"', '"ORDER"')
    combo = TRADE.replace('"OPT"', '"BAG"')
    summary = '<SymbolSummary accountId="DU1" currency="USD" levelOfDetail="SYMBOL_SUMMARY" />'
    empty = order.replace("20261127;093003", "")
    trades = account(Trades=order + combo + summary + empty).trades
    assert [(one.level, one.contract_key == COMBO_KEY, one.is_counted) for one in trades] == [
        (TradeLevel.SUMMARY, False, False),
        (TradeLevel.EXECUTION, True, False),
    ]


def test_options_of_adjusted_roots_and_other_assets_keep_the_brokers_symbol() -> None:
    adjusted = TRADE.replace("QQQ   261127P", "QQQ1  261127P")
    bond = TRADE.replace('"OPT"', '"BOND"')
    keys = [(one.contract_key, one.contract) for one in account(Trades=adjusted + bond).trades]
    assert keys == [("QQQ1  261127P00585000", None), ("QQQ   261127P00585000", None)]


def test_other_currencies_are_left_out() -> None:
    assert account(Trades=TRADE.replace('currency="USD"', 'currency="EUR"', 1)).trades == ()
    assert account(CashTransactions=CASH.replace("USD", "EUR")).cash_transactions == ()


def test_an_option_event_is_read_and_the_shares_of_it_are_not() -> None:
    shares = EVENT.replace('"OPT"', '"STK"').replace("Assignment", "Buy")
    (event,) = account(OptionEAE=EVENT + shares).option_events
    assert (event.kind, event.quantity) == (OptionEventKind.ASSIGNMENT, Decimal(20))
    assert (event.contract_key, event.session_date) == ("QQQ-2026-11-27-P-590", "2026-11-27")


def test_positions_are_summaries_and_not_the_lots_beside_them() -> None:
    lot = POSITION.replace("SUMMARY", "LOT")
    flat = POSITION.replace("-1,200.5", "0")
    (position,) = account(OpenPositions=POSITION + lot + flat).positions
    assert (position.contract_key, position.quantity) == ("QQQ", Decimal("-1200.5"))
    with pytest.raises(InvalidInput, match=r"OpenPositions\.levelOfDetail: has lots alone"):
        account(OpenPositions=lot)


def test_cash_is_read_once() -> None:
    summary = CASH.replace("DETAIL", "SUMMARY")
    (cash,) = account(CashTransactions=CASH + summary).cash_transactions
    assert (cash.kind, cash.amount) == ("Other Fees", Decimal(-10))


def test_empty_sections_are_a_quiet_day() -> None:
    quiet = account(Trades="", OptionEAE="", OpenPositions="", CashTransactions="")
    assert (quiet.trades, quiet.option_events, quiet.positions) == ((), (), ())


@pytest.mark.parametrize("section", SECTIONS)
def test_a_missing_section_is_named(section: str) -> None:
    with pytest.raises(InvalidInput, match=f"{section}: is missing: add this section"):
        account(**{section: None})


@pytest.mark.parametrize(
    ("section", "name"),
    [
        *(("Trades", name) for name in ("ibExecID", "orderReference", "ibOrderID", "tradeID")),
        *(("Trades", name) for name in ("ibCommission", "tradePrice", "quantity", "buySell")),
        *(("Trades", name) for name in ("dateTime", "tradeDate", "transactionType", "expiry")),
        *(("Trades", name) for name in ("levelOfDetail", "currency", "putCall", "multiplier")),
        *(("OptionEAE", name) for name in ("transactionType", "quantity", "date", "strike")),
        *(("OpenPositions", name) for name in ("position", "levelOfDetail", "symbol")),
        *(("CashTransactions", name) for name in ("type", "amount")),
    ],
)
def test_a_missing_attribute_is_named(section: str, name: str) -> None:
    without = re.sub(rf' {name}="[^"]*"', "", SECTIONS[section], count=1)
    with pytest.raises(InvalidInput, match=rf"{section}\.{name}: is missing: add it"):
        account(**{section: without})


@pytest.mark.parametrize(
    ("was", "wrong", "words"),
    [
        ('quantity="2"', 'quantity="two"', r"Trades\.quantity: 'two' is no number"),
        ('quantity="2"', 'quantity="--"', r"Trades\.quantity: is empty"),
        ('buySell="BUY"', 'buySell="LEND"', r"Trades\.buySell"),
        ('putCall="P"', 'putCall="X"', r"Trades\.putCall"),
        ('multiplier="100"', 'multiplier="0"', r"Trades\.multiplier: 0 is no whole number"),
        ('dateTime="20261127;093003"', 'dateTime="11/27/26"', r"Trades\.dateTime"),
        ('dateTime="20261127;093003"', 'dateTime="20261127;250003"', r"Trades\.dateTime"),
        ('expiry="20261127"', 'expiry="20261327"', r"Trades\.expiry"),
        ('Currency="USD"', 'Currency="EUR"', r"Trades\.ibCommissionCurrency: is not USD"),
        ('accountId="DU1"', 'accountId="DU2"', r"do not consolidate accounts"),
    ],
)
def test_what_cannot_be_read_is_named(was: str, wrong: str, words: str) -> None:
    assert was in TRADE
    with pytest.raises(InvalidInput, match=words):
        account(Trades=TRADE.replace(was, wrong))


def test_a_statement_that_lacks_an_account_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"FlexStatements\.count"):
        statement({}, count="2")


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("20261127;093003", "14:30:03"),
        ("2026-11-27;09:30:03", "14:30:03"),
        ("2026-11-27, 09:30:03", "14:30:03"),
        ("2026-11-27 09:30:03", "14:30:03"),
        ("20261127T093003", "14:30:03"),
        ("20261127;093003 EST", "14:30:03"),
    ],
)
def test_every_form_of_a_time_is_one_of_new_york(said: str, at: str) -> None:
    assert f"{FlexRow('Trades', {'dateTime': said}).instant('dateTime'):%H:%M:%S}" == at


def test_in_the_hour_that_comes_twice_the_zone_decides_where_it_is_told() -> None:
    # 2026-11-01 01:30 is 05:30 UTC in daylight time, 06:30 UTC an hour later.
    said = ["20261101;013000", "20261101;013000 EDT", "20261101;013000 EST"]
    read = [FlexRow("Trades", {"dateTime": one}).instant("dateTime").hour for one in said]
    assert read == [5, 5, 6]


@given(st.integers(946_684_800, 4_102_444_800))
def test_a_time_comes_back_as_it_was_written(second: int) -> None:
    at = datetime.fromtimestamp(second, UTC)
    said = f"{at.astimezone(ZoneInfo('America/New_York')):%Y%m%d;%H%M%S %Z}"
    assert FlexRow("Trades", {"dateTime": said}).instant("dateTime") == at


@given(st.decimals(min_value=-10_000, max_value=10_000, places=8))
def test_an_amount_is_off_by_half_a_micro_at_most(amount: Decimal) -> None:
    read = FlexRow("Trades", {"ibCommission": f"{amount:f}"}).amount("ibCommission")
    assert abs(read - amount) <= Decimal("0.0000005")
    assert read == read.quantize(Decimal("0.000001"))


def test_an_answer_of_the_service_is_read() -> None:
    assert read_flex(
        b"<FlexStatementResponse timestamp='28 November, 2026 07:30 AM EST'>"
        b"<Status>Success</Status><ReferenceCode>123</ReferenceCode><url>https://x/y</url>"
        b"</FlexStatementResponse>"
    ) == FlexAnswer(is_success=True, reference_code="123", url="https://x/y")
    assert read_flex(
        b"<FlexStatementResponse><Status>Warn</Status><ErrorCode>1019</ErrorCode>"
        b"<ErrorMessage>in progress</ErrorMessage></FlexStatementResponse>"
    ) == FlexAnswer(is_success=False, code="1019", message="in progress")


@pytest.mark.parametrize("body", [b"", b"<FlexQueryResponse>", b"<html></html>", b"not XML"])
def test_an_answer_that_is_cut_off_or_something_else_may_be_tried_again(body: bytes) -> None:
    with pytest.raises(AdapterError) as caught:
        read_flex(body)
    assert caught.value.retryable


def test_entities_are_not_expanded() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "c">]><FlexQueryResponse>&b;</FlexQueryResponse>'
    with pytest.raises(InvalidInput, match="declares entities"):
        read_flex(bomb)
