"""The codec: every domain value comes back as it was, and what cannot be stored is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import NoneType
from typing import TYPE_CHECKING, NewType, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.adapters.firestore.codec import decode, encode, encode_field, keys_of
from shared.domain.alert_routing import AlertRecipients
from shared.domain.alerts import Alert
from shared.domain.boards import Board
from shared.domain.daily_pnl import DailyPnl
from shared.domain.errors import InvalidInput
from shared.domain.fills import Fill
from shared.domain.followers import Follower, Login
from shared.domain.marks import Mark
from shared.domain.orders import BrokerIds, Order, OrderState, Rung
from shared.domain.positions import Position
from shared.domain.quotes import Quote
from shared.domain.reports import Report
from shared.domain.session_record import SessionRecord
from shared.domain.signals import Signal
from shared.domain.trading_settings import TradingSettings
from tests.builders import NOON, a_follower, an_order

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

STORED = (
    Alert,
    AlertRecipients,
    Board,
    DailyPnl,
    Fill,
    Follower,
    Login,
    Mark,
    Order,
    Position,
    Quote,
    Report,
    SessionRecord,
    Signal,
    TradingSettings,
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INT64 = st.integers(min_value=-(2**63), max_value=2**63 - 1)
TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
KEYS = st.from_regex(r"[a-zA-Z0-9.~ -]{1,12}", fullmatch=True)
AMOUNTS = INT64.map(lambda micros: Decimal(micros).scaleb(-6))
RATIOS = st.decimals(allow_nan=False, allow_infinity=False)
# Fixed offsets: Python calls no two instants equal where a zone's clock stands twice at one time.
INSTANTS = st.builds(
    lambda micros, hours: (EPOCH + timedelta(microseconds=micros)).astimezone(
        timezone(timedelta(hours=hours))
    ),
    st.integers(min_value=0, max_value=10**16),
    st.integers(min_value=-12, max_value=14),
)


def values_for(hint: object, name: str) -> st.SearchStrategy[object]:
    if isinstance(hint, NewType):
        return values_for(hint.__supertype__, name)
    if hint is Decimal:
        return RATIOS if name.endswith("_ratio") else AMOUNTS
    if isinstance(hint, type) and get_origin(hint) is None:
        return values_of_type(hint)
    arguments = get_args(hint)
    if NoneType in arguments:
        return st.none() | values_for(arguments[0], name)
    if get_origin(hint) is tuple:
        return st.lists(values_for(arguments[0], name), max_size=3).map(tuple)
    return st.dictionaries(KEYS, values_for(arguments[1], name), max_size=3)


@cache
def values_of_type(kind: type) -> st.SearchStrategy[object]:
    simple: dict[type, st.SearchStrategy[object]] = {
        str: TEXT,
        int: INT64,
        bool: st.booleans(),
        datetime: INSTANTS,
    }
    if kind in simple:
        return simple[kind]
    if issubclass(kind, StrEnum):
        return st.sampled_from(list(kind))
    assert is_dataclass(kind)
    hints = get_type_hints(kind)
    return st.builds(
        kind, **{one.name: values_for(hints[one.name], one.name) for one in fields(kind)}
    )


@pytest.mark.parametrize("cls", STORED, ids=lambda cls: cls.__name__)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_stored_value_comes_back_as_it_was(
    cls: type[DataclassInstance], data: st.DataObject
) -> None:
    value = data.draw(values_of_type(cls))
    assert isinstance(value, cls)
    assert decode(cls, encode(value)) == value


def test_an_order_is_stored_under_these_keys() -> None:
    order = an_order(OrderState.WORKING)
    document = encode(order)
    assert document["state"] == "working"
    assert type(document["state"]) is str
    assert document["planned_at"] == NOON
    assert document["rungs"] == []
    assert document["average_net_price_micros"] is None
    assert document["spread"] == {
        "symbol": "QQQ",
        "expiry": "2026-11-27",
        "right": "P",
        "long_strike_micros": 585_000_000,
        "short_strike_micros": 590_000_000,
        "multiplier": 100,
    }


def test_amounts_are_micros_and_ratios_are_text() -> None:
    document = encode(a_follower(multiplier="1.50", max_loss="2500.000001"))
    assert document["max_loss_micros"] == 2_500_000_001
    assert document["multiplier_ratio"] == "1.50"
    assert encode(a_follower(multiplier="1E+2"))["multiplier_ratio"] == "100"


def test_amounts_inside_lists_and_maps_are_micros_too() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Sums:
        steps: tuple[Decimal, ...]
        totals: Mapping[str, Decimal]
        shares_ratio: tuple[Decimal, ...] = ()

    value = Sums(
        steps=(Decimal("0.01"),),
        totals={"b": Decimal(2), "a": Decimal("-0.5")},
        shares_ratio=(Decimal("0.1"),),
    )
    document = encode(value)
    assert document == {
        "steps_micros": [10_000],
        "totals_micros": {"a": -500_000, "b": 2_000_000},
        "shares_ratio": ["0.1"],
    }
    totals = document["totals_micros"]
    assert isinstance(totals, dict)
    assert list(totals) == ["a", "b"]
    assert decode(Sums, document) == value


def test_unknown_keys_are_ignored_and_missing_ones_take_their_default() -> None:
    assert decode(TradingSettings, {"ticker": "SPY", "of_tomorrow": 1}) == TradingSettings(
        ticker="SPY"
    )


def test_every_missing_and_wrong_field_is_named_at_once() -> None:
    document = encode(an_order()) | {
        "quantity": True,
        "state": "asleep",
        "planned_at": NOON.replace(tzinfo=None),
        "rungs": [{"number": 1}],
        "spread": {"symbol": 5},
    }
    del document["follower_id"]
    with pytest.raises(InvalidInput, match="Order") as caught:
        decode(Order, document)
    message = caught.value.message
    for place in (
        "follower_id is missing",
        "quantity must be int, not bool",
        "state must be a OrderState, not 'asleep'",
        "planned_at must be aware datetime",
        "rungs[0].limit_micros is missing",
        "spread.symbol must be str, not int",
        "spread.right is missing",
    ):
        assert place in message


def test_floats_are_refused_both_ways() -> None:
    with pytest.raises(InvalidInput, match="limit_micros must be whole micros, not float"):
        decode(Rung, {"number": 1, "limit_micros": -1.0, "bid_micros": None})
    with pytest.raises(InvalidInput, match=r"BrokerIds\.client_id: must be int, not float"):
        encode_field(BrokerIds, "client_id", 1.0)


def test_an_amount_finer_than_a_micro_is_refused_where_it_stands() -> None:
    with pytest.raises(InvalidInput, match=r"Follower\.max_loss: 1E-7 USD is finer"):
        encode(a_follower(max_loss="0.0000001"))


def test_instants_are_stored_and_read_in_utc_whatever_their_class() -> None:
    class Nanoseconds(datetime):
        """As Firestore's client returns them."""

    rung = Rung(
        number=1,
        limit=Decimal("-1.27"),
        bid=None,
        ask=None,
        sent=True,
        at=NOON.astimezone(timezone(timedelta(hours=-5))),
    )
    document = encode(rung)
    assert document["at"] == NOON
    read = decode(Rung, document | {"at": Nanoseconds(2026, 11, 27, 17, tzinfo=UTC)})
    assert read.at == NOON
    assert type(read.at) is datetime
    assert read.at.tzinfo is UTC


def test_a_naive_instant_is_refused() -> None:
    rung = Rung(
        number=1,
        limit=Decimal(-1),
        bid=None,
        ask=None,
        sent=True,
        at=NOON.replace(tzinfo=None),
    )
    with pytest.raises(InvalidInput, match=r"Rung\.at: .* is naive"):
        encode(rung)


def test_a_class_that_no_document_can_hold_is_refused_at_once() -> None:
    @dataclass
    class Floating:
        share: float

    @dataclass
    class Nested:
        rows: tuple[tuple[int, ...], ...]

    @dataclass
    class Numbered:
        by_slot: Mapping[int, str]

    for value in (Floating(share=1), Nested(rows=()), Numbered(by_slot={})):
        with pytest.raises(TypeError):
            encode(value)


def test_a_single_field_can_be_encoded_for_an_update() -> None:
    assert encode_field(Follower, "max_loss", Decimal("1.5")) == ("max_loss_micros", 1_500_000)
    assert keys_of(Rung)["limit"] == "limit_micros"
