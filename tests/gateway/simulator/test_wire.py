"""Frames and fields: how bytes become messages, and how values are printed and read."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.simulator import order_messages
from gateway.simulator.contracts import Contract
from gateway.simulator.frames import (
    GREETING,
    Field,
    FieldReader,
    FrameBuffer,
    FrameError,
    encode,
    txt,
)
from gateway.simulator.orders import Order
from gateway.simulator.tickets import Ticket, good_till
from tests.gateway.simulator.conftest import OPEN_AT
from tests.gateway.simulator.drawn_messages import texts


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
