"""Asks to close: whoever asks joins what is asked, and only makes it more urgent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.closings.closing_asks import ClosingAsks
from shared.domain.close_causes import CloseCause, more_urgent
from shared.domain.positions import PositionId
from tests.builders import NOON

ANNA, BERT = PositionId("anna~x"), PositionId("bert~x")
LATER = NOON + timedelta(minutes=1)


def test_a_second_closer_joins_and_raises_the_urgency() -> None:
    asks = ClosingAsks()
    asks.ask(ANNA, CloseCause.END_OF_DAY, at=NOON)
    asks.ask(ANNA, CloseCause.FLATTEN, at=LATER)
    asks.ask(ANNA, CloseCause.COMMAND, at=LATER)
    (ask,) = asks.all()
    assert (ask.cause, ask.asked_at, ask.leave_quantity) == (CloseCause.FLATTEN, NOON, 0)


def test_a_repeat_rings_no_bell() -> None:
    asks = ClosingAsks()
    asks.ask(ANNA, CloseCause.TIME_VALUE, at=NOON)
    assert asks.rung.is_set()
    asks.rung.clear()
    asks.ask(ANNA, CloseCause.TIME_VALUE, at=LATER)
    asks.ask(ANNA, CloseCause.DAILY_LOSS, at=LATER)
    assert not asks.rung.is_set()
    asks.ask(ANNA, CloseCause.FLATTEN, at=LATER)
    assert asks.rung.is_set()


def test_who_wants_everything_closed_leaves_nothing_of_an_excess() -> None:
    asks = ClosingAsks()
    asks.ask(ANNA, CloseCause.EXCESS, at=NOON, leave_quantity=5)
    assert asks.all()[0].leave_quantity == 5
    asks.ask(ANNA, CloseCause.END_OF_DAY, at=LATER)
    (ask,) = asks.all()
    assert (ask.cause, ask.leave_quantity) == (CloseCause.EXCESS, 0)


def test_the_most_urgent_come_first_and_what_is_withdrawn_is_gone() -> None:
    asks = ClosingAsks()
    asks.ask(ANNA, CloseCause.END_OF_DAY, at=NOON)
    asks.ask(BERT, CloseCause.TIME_VALUE, at=NOON)
    assert [ask.position_id for ask in asks.all()] == [BERT, ANNA]
    asks.withdraw(BERT)
    asks.withdraw(BERT)
    assert [ask.position_id for ask in asks.all()] == [ANNA]
    assert asks.of(BERT) is None


@pytest.mark.parametrize("cause", CloseCause)
def test_nothing_is_more_urgent_than_to_flatten(cause: CloseCause) -> None:
    assert more_urgent(cause, CloseCause.FLATTEN) is CloseCause.FLATTEN
    assert more_urgent(CloseCause.FLATTEN, cause) is CloseCause.FLATTEN
    assert more_urgent(None, cause) is cause
