"""Frames and layouts: what the simulator encodes, ib_insync's own decoder reads back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ib_insync import IB
from ib_insync import CommissionReport as DecodedReport
from ib_insync import Contract as DecodedContract
from ib_insync import Execution as DecodedExecution
from ib_insync import Order as DecodedOrder
from ib_insync import OrderState as DecodedState
from ib_insync.decoder import Decoder
from ib_insync.wrapper import Wrapper

from gateway.simulator import messages, order_messages
from gateway.simulator.contracts import BAG_CON_ID, ComboLeg, Contract
from gateway.simulator.frames import (
    GREETING,
    Field,
    FieldReader,
    FrameBuffer,
    FrameError,
    encode,
    txt,
)
from gateway.simulator.orders import Execution, Order, OrderStatus
from gateway.simulator.tickets import Ticket, good_till
from tests.gateway.simulator.conftest import OPEN_AT, new_client

# Surrogates cannot be encoded and NUL ends a field; neither can be in a client's message.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
plain_texts = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", max_size=20)
prices = st.integers(-99_999, 99_999).map(lambda cents: Decimal(cents) / 100)
ids = st.integers(1, 2**31 - 1)
quantities = st.integers(1, 10_000)

_interpret: Callable[[Decoder, list[str]], None] = Decoder.interpret
_new_wrapper: Callable[[Wrapper, IB], None] = Wrapper.__init__


class Heard(Wrapper):
    """Keeps the last decoded message of each kind."""

    def __init__(self) -> None:
        _new_wrapper(self, new_client())
        self.order: tuple[DecodedContract, DecodedOrder, DecodedState] | None = None
        self.execution: tuple[int, DecodedContract, DecodedExecution] | None = None
        self.report: DecodedReport | None = None

    def openOrder(  # the decoder calls wrapper methods by these names
        self,
        orderId: int,
        contract: DecodedContract,
        order: DecodedOrder,
        orderState: DecodedState,
    ) -> None:
        self.order = (contract, order, orderState)

    def completedOrder(
        self, contract: DecodedContract, order: DecodedOrder, orderState: DecodedState
    ) -> None:
        self.order = (contract, order, orderState)

    def execDetails(
        self, reqId: int, contract: DecodedContract, execution: DecodedExecution
    ) -> None:
        self.execution = (reqId, contract, execution)

    def commissionReport(self, commissionReport: DecodedReport) -> None:
        self.report = commissionReport


def decode(fields: list[Field]) -> Heard:
    """Send a message through bytes into ib_insync's decoder."""
    heard = Heard()
    (text,) = FrameBuffer().feed(GREETING + encode(fields))
    _interpret(Decoder(heard, 176), text.split("\0")[:-1])
    return heard


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    def option() -> Contract:
        return Contract(
            con_id=draw(ids),
            symbol="QQQ",
            sec_type="OPT",
            expiry="20261123",
            strike=draw(st.integers(1, 2000).map(lambda halves: Decimal(halves) / 2)),
            right=draw(st.sampled_from("CP")),
            multiplier=100,
            local_symbol="QQQ   261123P00600000",
            trading_class="QQQ",
        )

    if draw(st.booleans()):
        return option()
    legs = tuple(
        ComboLeg(
            contract=option(),
            ratio=draw(st.integers(1, 5)),
            action=draw(st.sampled_from(["BUY", "SELL"])),
            exchange="SMART",
        )
        for _ in range(draw(st.integers(2, 4)))
    )
    return Contract(
        con_id=BAG_CON_ID, symbol="QQQ", sec_type="BAG", right="?", multiplier=100, legs=legs
    )


tickets = st.builds(
    Ticket,
    action=st.sampled_from(["BUY", "SELL"]),
    quantity=quantities.map(Decimal),
    order_type=st.sampled_from(["LMT", "MKT"]),
    limit_price=prices,
    aux_price=st.none() | prices,
    tif=st.sampled_from(["DAY", "GTC", "GTD"]),
    oca_group=plain_texts,
    account=plain_texts,
    open_close=st.sampled_from(["", "O", "C"]),
    origin=st.just(0),
    order_ref=plain_texts,
    transmit=st.just(True),
    parent_id=st.integers(0, 1000),
    outside_rth=st.booleans(),
    hidden=st.booleans(),
    smart_parameters=st.lists(st.tuples(plain_texts, plain_texts), max_size=2).map(tuple),
    good_till_date=st.sampled_from(["", "20261123 10:00:00 US/Eastern"]),
    what_if=st.booleans(),
)
orders = st.builds(
    Order,
    order_id=ids,
    client_id=st.integers(0, 100),
    perm_id=ids,
    contract=contracts(),
    ticket=tickets,
    status=st.sampled_from(OrderStatus),
    filled=st.just(0),
    done_at=st.just(OPEN_AT),
)


def assert_same_order(order: Order, contract: DecodedContract, read: DecodedOrder) -> None:
    """Compare every field that a ticket has with what the decoder read."""
    ticket = order.ticket
    assert contract.conId == order.contract.con_id
    assert contract.secType == order.contract.sec_type
    assert Decimal(str(contract.strike)) == order.contract.strike
    assert [(leg.conId, leg.ratio, leg.action) for leg in contract.comboLegs] == [
        (leg.contract.con_id, leg.ratio, leg.action) for leg in order.contract.legs
    ]
    assert read.permId == order.perm_id
    assert (read.action, read.orderType, read.tif) == (
        ticket.action,
        ticket.order_type,
        ticket.tif,
    )
    assert Decimal(str(read.totalQuantity)) == ticket.quantity
    assert Decimal(str(read.lmtPrice)) == ticket.limit_price
    assert (read.ocaGroup, read.account, read.orderRef) == (
        ticket.oca_group,
        ticket.account,
        ticket.order_ref,
    )
    assert (read.outsideRth, read.hidden) == (ticket.outside_rth, ticket.hidden)
    assert read.goodTillDate == ticket.good_till_date
    assert [(p.tag, p.value) for p in read.smartComboRoutingParams] == list(ticket.smart_parameters)
    assert (read.deltaNeutralOrderType, read.clearingIntent) == ("None", "IB")
    assert (read.ocaType, read.exemptCode) == (3, -1)
    assert read.dontUseAutoPriceForHedge


@settings(deadline=None)
@given(st.lists(texts, min_size=1, max_size=8), st.data())
def test_fields_survive_any_split_of_the_bytes(fields: list[str], data: st.DataObject) -> None:
    stream = GREETING + encode(fields) + encode(["71", "2"])
    cut = data.draw(st.integers(0, len(stream)))
    frames = FrameBuffer()
    received = frames.feed(stream[:cut]) + frames.feed(stream[cut:])
    assert [text.split("\0")[:-1] for text in received] == [fields, ["71", "2"]]


def test_bytes_that_are_no_frames_are_refused() -> None:
    with pytest.raises(FrameError):
        FrameBuffer().feed(b"GET / HTTP/1.1\r\n")
    with pytest.raises(FrameError):
        FrameBuffer().feed(GREETING + b"\xff\xff\xff\xff")


def test_values_print_as_the_gateway_prints_them() -> None:
    values: list[Field] = [None, True, False, 7, Decimal("1E+2"), Decimal("-0.70"), 0.5, "x"]
    assert [txt(value) for value in values] == ["", "1", "0", "7", "100", "-0.70", "0.5", "x"]


def test_unset_numbers_are_read_as_none() -> None:
    reader = FieldReader(["", "1.7976931348623157E308", "-0.85", "1.0", "Infinity"])
    numbers = [reader.number() for _ in range(5)]
    assert numbers == [None, None, Decimal("-0.85"), Decimal(1), None]


@settings(deadline=None)
@given(orders)
def test_open_orders_read_back_field_by_field(order: Order) -> None:
    heard = decode(order_messages.open_order(order, 176)).order
    assert heard is not None
    contract, read, state = heard
    assert_same_order(order, contract, read)
    assert (read.orderId, read.clientId) == (order.order_id, order.client_id)
    assert (read.parentId, read.adjustedOrderType) == (order.ticket.parent_id, "None")
    assert read.whatIf == order.ticket.what_if
    assert state.status == order.status
    assert state.initMarginChange == "1.7976931348623157E308"


@settings(deadline=None)
@given(orders)
def test_completed_orders_read_back_field_by_field(order: Order) -> None:
    heard = decode(order_messages.completed_order(order, 176)).order
    assert heard is not None
    contract, read, state = heard
    assert_same_order(order, contract, read)
    assert state.status == order.status
    assert state.completedTime == "20261123 09:30:00 US/Eastern"


@settings(deadline=None)
@given(
    contract=contracts(),
    shares=quantities,
    price=prices,
    at=st.integers(0, 3 * 10**7).map(lambda seconds: OPEN_AT + timedelta(seconds=seconds)),
    order_ref=plain_texts,
    commission=st.none() | prices,
    realized=st.none() | prices,
)
def test_executions_and_fees_read_back_field_by_field(
    contract: Contract,
    shares: int,
    price: Decimal,
    at: datetime,
    order_ref: str,
    commission: Decimal | None,
    realized: Decimal | None,
) -> None:
    execution = Execution(
        exec_id="0001.02.01.01",
        contract=contract,
        side="BOT",
        shares=shares,
        price=price,
        cumulative=shares,
        average_price=price,
        at=at,
        account="DU1",
        order_id=5,
        client_id=11,
        perm_id=99,
        order_ref=order_ref,
        commission=commission,
        realized=realized,
    )
    heard = decode(order_messages.exec_details(-1, execution, 176)).execution
    assert heard is not None
    request_id, read_contract, read = heard
    assert (request_id, read_contract.conId) == (-1, contract.con_id)
    assert (read.execId, read.orderRef, read.side) == ("0001.02.01.01", order_ref, "BOT")
    assert (read.shares, Decimal(str(read.price))) == (shares, price)
    assert (read.permId, read.clientId, read.orderId) == (99, 11, 5)
    assert read.time == at
    report = decode(messages.commission_report(execution)).report
    assert report is not None
    assert Decimal(str(report.commission)) == (commission or 0)


def test_version_178_adds_a_field_to_executions_and_177_drops_one_from_orders() -> None:
    order = Order(
        order_id=1,
        client_id=1,
        perm_id=1,
        contract=Contract(con_id=1, symbol="QQQ", sec_type="STK"),
        ticket=Ticket(
            action="BUY",
            quantity=Decimal(1),
            order_type="LMT",
            limit_price=Decimal(1),
            aux_price=None,
            tif="DAY",
            oca_group="",
            account="DU1",
            open_close="",
            origin=0,
            order_ref="",
            transmit=True,
            parent_id=0,
            outside_rth=False,
            hidden=False,
        ),
    )
    lengths = [len(order_messages.open_order(order, version)) for version in (176, 177, 178)]
    assert lengths == [lengths[0], lengths[0] - 1, lengths[0] - 1]


@pytest.mark.parametrize(
    "text", ["20261123 09:31:00 US/Eastern", "20261123-14:31:00", "20261123 14:31:00 UTC"]
)
def test_good_till_dates_name_one_instant(text: str) -> None:
    assert good_till(text) == OPEN_AT + timedelta(minutes=1)


@pytest.mark.parametrize("text", ["", "20261123", "20261123 09:31:00 Mars/Base", "09:31"])
def test_other_good_till_dates_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        good_till(text)
