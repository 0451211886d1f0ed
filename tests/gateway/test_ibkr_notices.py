"""Notices of IBKR: what they say of the link, and of whether quotes are live."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from gateway.broker.ibkr_codec import good_till_text
from gateway.broker.ibkr_notices import DataState, link_event
from shared.domain.options import ContractKey
from shared.ports.broker import LinkBroken, LinkRestored

AT = datetime(2026, 11, 27, 14, 30, tzinfo=UTC)
LATER = AT + timedelta(milliseconds=1)
QQQ, PUT = ContractKey("QQQ"), ContractKey("QQQ-2026-11-27-P-590")


@pytest.mark.parametrize(
    ("code", "event"),
    [
        (1100, LinkBroken(code=1100, reason="words")),
        (2110, LinkBroken(code=2110, reason="words")),
        (1101, LinkRestored(code=1101, are_subscriptions_lost=True)),
        (1102, LinkRestored(code=1102, are_subscriptions_lost=False)),
        (2103, None),
        (201, None),
    ],
)
def test_the_links_notices_are_told_and_no_others(
    code: int, event: LinkBroken | LinkRestored | None
) -> None:
    assert link_event(code, "words") == event


def test_live_until_told_otherwise() -> None:
    state = DataState()
    assert state.why_not_live == ""
    assert state.not_live == frozenset()


def test_two_broken_farms_must_both_come_back() -> None:
    state = DataState()
    for farm in ("usfarm", "usopt"):
        state.heard(2103, f"Market data farm connection is broken:{farm}", None, AT)
    state.heard(2104, "Market data farm connection is OK:usfarm", None, AT)
    assert "usopt" in state.why_not_live
    state.heard(2104, "Market data farm connection is OK:usopt", None, AT)
    assert state.why_not_live == ""


@pytest.mark.parametrize("code", [101, 354, 10089, 10167, 10168, 10197])
def test_a_subscription_refused_is_live_again_by_its_own_live_tick_of_a_later_packet(
    code: int,
) -> None:
    state = DataState()
    state.heard(code, "no", PUT, AT)
    assert state.why_not_live == f"{code}: no"
    state.ticked(PUT, 1, AT)
    assert state.not_live == {PUT}, "what came with the notice proves nothing"
    state.ticked(QQQ, 1, LATER)
    assert state.not_live == {PUT}, "another contract's tick proves nothing"
    state.ticked(PUT, 1, LATER)
    assert state.why_not_live == ""


@pytest.mark.parametrize(("data_type", "word"), [(2, "frozen"), (3, "delayed"), (4, "delayed")])
def test_ticks_that_are_not_live_end_live_data(data_type: int, word: str) -> None:
    state = DataState()
    state.ticked(QQQ, data_type, AT)
    assert word in state.why_not_live
    state.ticked(QQQ, 1, LATER)
    assert state.why_not_live == ""


def test_a_refusal_that_concerns_no_subscription_says_nothing_of_the_data() -> None:
    state = DataState()
    state.heard(354, "no", None, AT)
    state.heard(399, "held", PUT, AT)
    assert state.why_not_live == ""


def test_subscriptions_that_are_gone_are_forgotten_and_farms_are_not() -> None:
    state = DataState()
    state.heard(10197, "no", PUT, AT)
    state.heard(2103, "broken:usopt", None, AT)
    state.forget_subscriptions()
    assert state.not_live == frozenset()
    assert state.why_not_live == "broken:usopt"


def test_an_orders_end_is_written_in_utc_whatever_its_zone() -> None:
    at = datetime(2026, 11, 27, 10, 0, tzinfo=timezone(timedelta(hours=-5)))
    assert good_till_text(at) == "20261127-15:00:00"
    with pytest.raises(ValueError, match="without a zone"):
        good_till_text(at.replace(tzinfo=None))
