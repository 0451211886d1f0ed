"""A day played at the simulator, told by the broker's statement, matched with our fills of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
import requests

from gateway.broker.ibkr_symbols import key_of_symbols
from shared.adapters.flex import FlexStatements
from shared.domain.assignment import Settled
from shared.domain.broker_statement import BrokerStatement, StatementRef
from shared.domain.fills import Fill, split_exec_id
from shared.domain.followers import AccountId, LoginId
from shared.domain.orders import Order
from shared.domain.positions import position_from_fills
from shared.domain.spreads import Side, Strategy, spread_of
from shared.domain.statement_match import StatementMatch, match_statement
from shared.domain.statement_mismatch import MismatchKind
from shared.use_cases.book_settlement import settlement_fills
from tests.gateway.simulator.conftest import (
    CLOSE_AT,
    a_config,
    a_login,
    open_desk,
    put_spread,
    work_ladder,
)
from tests.sandbox import flex
from tests.sandbox.control import Json
from tests.sandbox.flex_book import BookedDay, read_state, statement_of_book
from tests.sandbox.flex_conformance import QUERY, TOKEN
from tests.sandbox.flex_rendering import Document, documents
from tests.sandbox.serving import serve_in_thread
from tests.statements_of_broker import ORDER_REF, a_traded_order

DAY = "2026-11-23"
NAME = "flex-desk"
GENERATED_AT = CLOSE_AT + timedelta(hours=10)
SPREAD = spread_of(
    symbol="QQQ",
    strategy=Strategy.LONG,
    expiry=DAY,
    long_strike=Decimal(592),
    short_strike=Decimal(597),
)
ORDER = replace(
    a_traded_order(), spread=SPREAD, session_date=DAY, account_id=AccountId("DU1"), quantity=5
)
FAULTS: dict[str, tuple[Json, ...]] = {
    "a correction": ({"name": "correction", "parameters": {"price": "0.01", "fewer": 1}},),
    "a bust": ({"name": "busted-fill"},),
}


def play(spot: str, faults: tuple[Json, ...] = ()) -> Document:
    """Open 5 spreads, end the day at a price, and read the book after the clearing."""

    async def story() -> Document:
        config = a_config(logins=(a_login(cash="900000"),), faults=faults)
        async with open_desk(config) as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            await work_ladder(desk, client, combo, 5, ORDER_REF)
            await desk.advance(30)
            await desk.jump(CLOSE_AT - timedelta(seconds=1))
            desk.simulator.move_spot(Decimal(spot))
            await desk.jump(CLOSE_AT + timedelta(minutes=30))
            return await asyncio.to_thread(read_state, desk.simulator.control_url)

    return asyncio.run(story())


def told(state: Document, spot: str, *, tells_references: bool = True) -> BrokerStatement:
    """Have the statement of a book served, and fetch it."""
    day = BookedDay(
        session_date=DAY,
        generated_at=GENERATED_AT.isoformat(),
        closing_spot=Decimal(spot),
        tells_references=tells_references,
    )
    document = statement_of_book("desk", day, traded=state)
    seconds = [0.0]
    with serve_in_thread(flex.create_app(monotonic=lambda: seconds[0])) as base_url:
        path = f"{base_url}/_sandbox/statements/{TOKEN}/{QUERY}"
        requests.put(path, data=json.dumps(document), timeout=5).raise_for_status()
        adapter = FlexStatements(
            secrets=OneSecret(),
            user_agent="Python/3.13",
            base_url=f"{base_url}{flex.PATH}",
            sleep=lambda waited: seconds.__setitem__(0, seconds[0] + waited),
        )
        return adapter.fetch(
            StatementRef(login_id=LoginId("desk"), token_secret=NAME, query_id=QUERY), DAY
        )


class OneSecret:
    def read(self, name: str) -> str:
        assert name == NAME
        return TOKEN


def booked(state: Document, *, first: bool = False) -> list[Fill]:
    """What the gateway books of the executions while the fees are still to come.

    With `first`, as they were told first, without the corrections.
    """
    logins = state["logins"]
    assert isinstance(logins, dict)
    login = logins["desk"]
    assert isinstance(login, dict)
    fills: dict[str, Fill] = {}
    for row in documents(login, "executions"):
        if row["perm_id"] and row["sec_type"] != "BAG":
            fill = _fill(row)
            fills[fill.exec_id] = fills.get(fill.exec_id, fill) if first else fill
    return list(fills.values())


def _fill(row: Document) -> Fill:
    exec_id, revision = split_exec_id(str(row["exec_id"]))
    key = key_of_symbols(str(row["sec_type"]), "QQQ", str(row["local_symbol"]))
    return Fill(
        exec_id=exec_id,
        order_id=ORDER.order_id,
        follower_id=ORDER.follower_id,
        account_id=ORDER.account_id,
        session_date=DAY,
        contract_key=key,
        side=Side.BUY if row["side"] == "BOT" else Side.SELL,
        quantity=int(str(row["shares"])),
        price=Decimal(str(row["price"])),
        multiplier=100,
        fee=None,
        at=datetime.fromisoformat(str(row["at"])),
        revision=revision,
        order_ref=ORDER_REF,
    )


def ended(fills: Sequence[Fill], spot: str) -> list[Fill]:
    """Book what became of the options by the closing price."""
    position = position_from_fills(
        follower_id=ORDER.follower_id,
        account_id=ORDER.account_id,
        session_date=DAY,
        spread=SPREAD,
        fills=fills,
    )
    price, quantity = Decimal(spot), position.open_quantity
    settled = Settled(
        position_id=position.position_id,
        assigned=quantity if price < SPREAD.short_strike else 0,
        exercised=quantity if price < SPREAD.long_strike else 0,
        has_expired=True,
    )
    made = settlement_fills(
        position, ORDER, settled, booked=fills, session_date=DAY, at=GENERATED_AT
    )
    return [*fills, *made]


def match(
    fills: Sequence[Fill], statement: BrokerStatement, orders: dict[str, Order] | None = None
) -> StatementMatch:
    return match_statement(
        fills,
        statement,
        session_date=DAY,
        order_of_ref={ORDER_REF: ORDER} if orders is None else orders,
        external_trades=[],
    )


@pytest.mark.parametrize("spot", ["610", "595", "580"], ids=["worthless", "assigned", "both"])
def test_a_days_books_agree_with_the_brokers_once_its_fees_are_in_them(spot: str) -> None:
    state = play(spot)
    statement, fills = told(state, spot), ended(booked(state), spot)
    found = match(fills, statement)
    assert not found.mismatches
    assert not found.missing
    assert len(found.fee_corrections) == len(booked(state)) >= 2
    fees = {fill.exec_id: fill for fill in found.fee_corrections}
    again = match([fees.get(fill.exec_id, fill) for fill in fills], statement)
    assert again == StatementMatch()


@pytest.mark.parametrize("tells_references", [True, False])
def test_a_leg_that_we_never_heard_of_is_found(tells_references: bool) -> None:
    state = play("610")
    statement = told(state, "610", tells_references=tells_references)
    fills = booked(state)
    found = match(ended(fills, "610")[1:], statement)
    assert [fill.exec_id for fill in found.missing] == [fills[0].exec_id]
    assert replace(found.missing[0], fee=None) == fills[0]
    assert not found.mismatches


@pytest.mark.parametrize("fault", FAULTS)
def test_what_the_broker_corrected_is_corrected(fault: str) -> None:
    state = play("610", FAULTS[fault])
    statement = told(state, "610")
    executions = booked(state)
    assert "02" in {fill.revision for fill in executions}
    agreed = match(ended(executions, "610"), statement)
    assert not agreed.corrections
    assert not agreed.mismatches
    # The gateway was away when the corrections came.
    stale = match(ended(booked(state, first=True), "610"), statement)
    corrected = {fill.exec_id: fill for fill in stale.corrections}
    told_late = [fill for fill in executions if fill.revision == "02"]
    assert [(one.quantity, one.revision) for one in told_late] == [
        (corrected[one.exec_id].quantity, corrected[one.exec_id].revision) for one in told_late
    ]


def test_an_assignment_that_nobody_booked_is_seen() -> None:
    state = play("595")
    found = match(ended(booked(state), "610"), told(state, "595"))
    (one,) = found.mismatches
    assert one.kind is MismatchKind.OPTION_EVENT
    assert "at 597: +500 shares of QQQ; our bookings make +0" in one.words


def test_shares_that_the_closing_price_does_not_explain_are_refused() -> None:
    state = play("595")
    with pytest.raises(ValueError, match="name what was assigned or exercised"):
        told(state, "610")
