"""Random contracts, orders and executions of the simulator, for tests of what it encodes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st

from gateway.simulator.contracts import BAG_CON_ID, ComboLeg, Contract
from gateway.simulator.order_messages import MarginState
from gateway.simulator.orders import Execution, Order, OrderStatus
from gateway.simulator.tickets import Ticket
from tests.gateway.simulator.conftest import OPEN_AT

# Surrogates cannot be encoded and NUL ends a field; neither can be in a message.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
plain_texts = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", max_size=20)
prices = st.integers(-99_999, 99_999).map(lambda cents: Decimal(cents) / 100)
amounts = st.integers(-(10**11), 10**11).map(lambda cents: Decimal(cents) / 100)
ids = st.integers(1, 2**31 - 1)
quantities = st.integers(1, 10_000)
instants = st.integers(0, 3 * 10**7).map(lambda seconds: OPEN_AT + timedelta(seconds=seconds))

options = st.builds(
    Contract,
    con_id=ids,
    symbol=st.just("QQQ"),
    sec_type=st.just("OPT"),
    expiry=st.sampled_from(["20261123", "20261218", "20270115"]),
    strike=st.integers(1, 2000).map(lambda halves: Decimal(halves) / 2),
    right=st.sampled_from("CP"),
    multiplier=st.just(100),
    local_symbol=plain_texts,
    trading_class=plain_texts,
)
stocks = st.builds(
    Contract,
    con_id=ids,
    symbol=plain_texts,
    sec_type=st.just("STK"),
    primary_exchange=st.sampled_from(["NASDAQ", "ARCA"]),
    local_symbol=plain_texts,
    trading_class=plain_texts,
)
legs = st.builds(
    ComboLeg,
    contract=options | stocks,
    ratio=st.integers(1, 100),
    action=st.sampled_from(["BUY", "SELL"]),
    exchange=st.just("SMART"),
)
combos = st.builds(
    Contract,
    con_id=st.just(BAG_CON_ID),
    symbol=st.just("QQQ"),
    sec_type=st.just("BAG"),
    right=st.just("?"),
    multiplier=st.just(100),
    local_symbol=st.sampled_from(["", "QQQ"]),
    trading_class=st.sampled_from(["", "COMB"]),
    legs=st.lists(legs, min_size=2, max_size=4).map(tuple),
)
contracts = options | stocks | combos

tickets = st.builds(
    Ticket,
    action=st.sampled_from(["BUY", "SELL"]),
    quantity=quantities.map(Decimal),
    order_type=st.sampled_from(["LMT", "MKT"]),
    limit_price=st.none() | prices,
    aux_price=st.none() | prices,
    tif=st.sampled_from(["DAY", "GTC", "GTD"]),
    oca_group=plain_texts,
    account=plain_texts,
    open_close=st.sampled_from(["", "O", "C"]),
    origin=st.integers(0, 1),
    order_ref=plain_texts,
    transmit=st.just(True),
    parent_id=st.integers(0, 1000),
    outside_rth=st.booleans(),
    hidden=st.booleans(),
    smart_parameters=st.lists(st.tuples(plain_texts, plain_texts), max_size=2).map(tuple),
    good_till_date=st.sampled_from(["", "20261123 10:00:00 US/Eastern", "20261123-15:00:00"]),
    what_if=st.booleans(),
)


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """An order that has filled so far, at a price with a finite number of digits."""
    ticket = draw(tickets)
    filled = draw(st.integers(0, int(ticket.quantity)))
    return Order(
        order_id=draw(ids),
        client_id=draw(st.integers(0, 100)),
        perm_id=draw(ids),
        contract=draw(contracts),
        ticket=ticket,
        status=draw(st.sampled_from(OrderStatus)),
        filled=filled,
        paid=draw(prices) * filled,
        last_price=draw(prices) if filled else Decimal(0),
        done_at=draw(instants),
    )


executions = st.builds(
    Execution,
    exec_id=plain_texts,
    contract=contracts,
    side=st.sampled_from(["BOT", "SLD"]),
    shares=quantities,
    price=prices,
    cumulative=quantities,
    average_price=prices,
    at=instants,
    account=plain_texts,
    order_id=st.just(0) | ids,
    client_id=st.integers(0, 100),
    perm_id=st.just(0) | ids,
    order_ref=plain_texts,
    commission=st.none() | prices,
    realized=st.none() | prices,
)
margins = st.builds(
    MarginState,
    margin_before=amounts,
    margin_after=amounts,
    equity_before=amounts,
    equity_after=amounts,
    commission=amounts,
)
