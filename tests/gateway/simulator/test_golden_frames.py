"""Golden frames: what the simulator encodes, both libraries' own decoders read back exactly.

Each decoder runs in its library's environment. A message must become one call whose arguments
differ from the library's defaults in the expected fields and in no other: one field too many or
too few moves all that follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulator import messages, order_messages
from gateway.simulator.accounts import Account, Position
from gateway.simulator.contracts import Contract
from gateway.simulator.frames import Field, encode
from gateway.simulator.market import Market
from gateway.simulator.order_messages import MarginState
from gateway.simulator.orders import Execution, Order
from gateway.simulator.pricing import OptionModel
from tests.gateway.simulator import expected_decodings as expected
from tests.gateway.simulator.conftest import OPEN_AT, a_config
from tests.gateway.simulator.drawn_messages import (
    amounts,
    executions,
    ids,
    margins,
    options,
    orders,
    plain_texts,
    prices,
    stocks,
    texts,
)
from tests.walkthrough.decoding import Plain
from tests.walkthrough.environment import LIBRARIES, DecoderProcess

MARKET = Market(a_config())


def _an_option() -> Contract:
    contract = MARKET.contracts.option("20261123", Decimal("597.5"), "P")
    assert contract is not None
    return contract


@pytest.fixture(scope="module", params=LIBRARIES)
def decoder(request: pytest.FixtureRequest) -> Iterator[DecoderProcess]:
    with DecoderProcess(request.param) as process:
        yield process


def read(decoder: DecoderProcess, fields: list[Field]) -> Plain:
    """Give the one call that a decoder makes of a message."""
    (call,) = decoder.decode(encode(fields))
    return call


@given(orders())
def test_open_orders(decoder: DecoderProcess, order: Order) -> None:
    assert read(decoder, order_messages.open_order(order, decoder.version)) == [
        "openOrder",
        [
            order.order_id,
            expected.ordered_contract(order.contract),
            expected.open_order(order),
            expected.open_state(order),
        ],
    ]


@given(orders(), margins)
def test_what_ifs(decoder: DecoderProcess, order: Order, margin: MarginState) -> None:
    message = order_messages.open_order(order, decoder.version, margin.fields())
    _, (_, _, _, state) = _call(read(decoder, message))
    assert state == expected.open_state(order, margin)


@given(orders())
def test_completed_orders(decoder: DecoderProcess, order: Order) -> None:
    assert read(decoder, order_messages.completed_order(order, decoder.version)) == [
        "completedOrder",
        [
            expected.ordered_contract(order.contract),
            expected.completed_order(order),
            expected.completed_state(order),
        ],
    ]


@given(orders())
def test_order_states(decoder: DecoderProcess, order: Order) -> None:
    assert read(decoder, messages.order_status(order)) == [
        "orderStatus",
        expected.order_status(order),
    ]


@given(executions, st.just(-1) | ids)
def test_executions(decoder: DecoderProcess, one: Execution, request_id: int) -> None:
    assert read(decoder, order_messages.exec_details(request_id, one, decoder.version)) == [
        "execDetails",
        [request_id, expected.contract(one.contract), expected.execution(one)],
    ]


@given(executions)
def test_fees(decoder: DecoderProcess, one: Execution) -> None:
    assert read(decoder, messages.commission_report(one)) == [
        "commissionReport",
        [expected.fee(one)],
    ]


@given(options | stocks, st.integers(-10_000, 10_000), amounts, plain_texts)
def test_positions(
    decoder: DecoderProcess, contract: Contract, quantity: int, cost: Decimal, name: str
) -> None:
    account = Account(name, Decimal(0))
    shown = expected.contract(contract, exchange=contract.primary_exchange)
    assert read(decoder, messages.position_row(account, Position(contract, quantity, cost))) == [
        "position",
        [name, shown, float(quantity), float(cost)],
    ]


@given(st.integers(-500, 500), amounts, st.integers(0, 3600))
def test_portfolios(decoder: DecoderProcess, quantity: int, cost: Decimal, second: int) -> None:
    contract, at = _an_option(), OPEN_AT + timedelta(seconds=second)
    message = messages.portfolio(Position(contract, quantity, cost), "DU1", MARKET, at)
    price = MARKET.quote(contract, at).mid
    shown = expected.contract(contract, exchange="")
    value = quantity * 100 * price
    numbers: list[Decimal | int] = [quantity, price, value, cost, value - quantity * cost, 0]
    assert read(decoder, message) == [
        "updatePortfolio",
        [shown, *[float(number) for number in numbers], "DU1"],
    ]


@given(st.sampled_from([_an_option(), MARKET.contracts.underlying]), ids)
def test_contract_details(decoder: DecoderProcess, contract: Contract, request_id: int) -> None:
    message = messages.contract_details(request_id, contract, MARKET, OPEN_AT)
    name, (told_id, details) = _call(read(decoder, message))
    assert (name, told_id) == ("contractDetails", request_id)
    assert isinstance(details, dict)
    is_option = contract.sec_type == "OPT"
    liquid, trading = str(details.pop("liquidHours")), str(details.pop("tradingHours"))
    assert liquid.startswith(f"20261123:0930-20261123:{'1615' if is_option else '1600'};")
    assert trading.startswith(liquid[:27] if is_option else "20261123:0400-20261123:2000;")
    assert details == expected.details(contract, MARKET)


@given(ids, st.integers(-1, 10_500), texts)
def test_errors(decoder: DecoderProcess, request_id: int, code: int, text: str) -> None:
    message = messages.error(request_id, code, text)
    assert read(decoder, message) == ["error", [request_id, code, text, ""]]


@given(ids, st.sampled_from([1, 2, 4]), st.just(Decimal(-1)) | prices, st.integers(0, 10**6))
def test_prices_and_sizes(
    decoder: DecoderProcess, request_id: int, tick: int, price: Decimal, size: int
) -> None:
    assert read(decoder, messages.tick_price(request_id, tick, price, size)) == [
        "priceSizeTick",
        [request_id, tick, float(price), float(size)],
    ]
    assert read(decoder, messages.tick_size(request_id, tick, size)) == [
        "tickSize",
        [request_id, tick, float(size)],
    ]


@given(ids, st.lists(st.floats(0.001, 1), min_size=6, max_size=6), prices.filter(bool))
def test_greeks(
    decoder: DecoderProcess, request_id: int, figures: list[float], spot: Decimal
) -> None:
    volatility, price, delta, gamma, vega, theta = figures
    model = OptionModel(price=price, delta=delta, gamma=gamma, vega=vega, theta=theta)
    message = messages.tick_option(request_id, volatility, model, spot)
    assert read(decoder, message) == [
        "tickOptionComputation",
        [request_id, 13, 0, volatility, delta, price, 0.0, gamma, vega, theta, float(spot)],
    ]


@given(plain_texts, amounts, plain_texts)
def test_account_values(decoder: DecoderProcess, tag: str, value: Decimal, name: str) -> None:
    assert read(decoder, messages.account_value(tag, value, "USD", name)) == [
        "updateAccountValue",
        [tag, format(value, "f"), "USD", name],
    ]


def _call(call: Plain) -> tuple[Plain, list[Plain]]:
    assert isinstance(call, list)
    name, arguments = call
    assert isinstance(arguments, list)
    return name, arguments
