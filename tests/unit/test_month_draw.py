"""The drawing of a month: the same for the same seed, and everything in it that a month has."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from shared.adapters.flex_xml import read_flex
from shared.domain.broker_statement import BrokerStatement
from shared.domain.sessions import at_new_york
from tests.sandbox.flex_rendering import render
from tests.sandbox.month.broker_statements import BrokerBooks
from tests.sandbox.month.draw import draw_month
from tests.sandbox.month.faults import FAULTS, list_of_faults
from tests.sandbox.month.ledger import Draw, Ending, Told, What
from tests.sandbox.month.options import read_options
from tests.sandbox.month.our_documents import OurBooks
from tests.sandbox.month.people import LOGINS


@pytest.fixture(scope="module")
def drawn() -> Draw:
    return draw_month(month="2026-10", followers=6, seed=7)


def test_the_same_seed_draws_the_same_month(drawn: Draw) -> None:
    assert draw_month(month="2026-10", followers=6, seed=7) == drawn
    assert draw_month(month="2026-10", followers=6, seed=8) != drawn


def test_a_month_has_every_ending_and_everything_our_books_may_not_know(drawn: Draw) -> None:
    assert {deal.ending for deal in drawn.deals.values()} == set(Ending)
    assert {one.told for one in drawn.entries} == set(Told)
    assert len({one.follower_id for one in drawn.entries if one.told is not Told.RIGHT}) == 3
    assert {one.what for one in drawn.entries} == set(What)
    assert drawn.outsiders
    assert {amount > 0 for amount in drawn.moves.values()} == {True, False}


def test_the_carried_spread_is_held_over_a_weekend(drawn: Draw) -> None:
    [deal] = [one for one in drawn.deals.values() if one.ending is Ending.CARRIED]
    opened, ended = at_new_york(deal.date, "12:00"), at_new_york(deal.expiry, "12:00")
    assert (ended - opened).days > 2


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sessions", [3, 7])
def test_nobody_holds_anything_at_the_end(seed: int, sessions: int) -> None:
    one = draw_month(month="2026-11", followers=8, seed=seed, sessions=sessions)
    held: Counter[tuple[str, str]] = Counter()
    for entry in one.entries:
        held[entry.follower_id, entry.key] += entry.quantity
    assert set(held.values()) <= {0}
    assert all(entry.date in one.dates for entry in one.entries)


def test_whoever_joins_or_leaves_trades_in_his_time_only(drawn: Draw) -> None:
    joiner, leaver = drawn.people[2], drawn.people[4]
    opened = [one for one in drawn.entries if one.what is What.OPEN]
    assert (
        min(one.date for one in opened if one.follower_id == joiner.follower_id)
        >= (drawn.dates[joiner.first])
    )
    assert leaver.last is not None
    assert (
        max(one.date for one in opened if one.follower_id == leaver.follower_id)
        <= (drawn.dates[leaver.last])
    )


def test_orders_and_their_fills_agree(drawn: Draw) -> None:
    ours = OurBooks(drawn)
    for date in drawn.dates:
        filled = {one.order_id: one.filled_quantity for one in ours.orders(date)}
        legs: Counter[str] = Counter()
        for entry in drawn.entries:
            if entry.date == date and entry.exec_id:
                option = drawn.deals[entry.deal].long
                if entry.option in (None, option):
                    legs[ours.order_id(entry)] += abs(entry.quantity)
        assert {key: count for key, count in filled.items() if count} == dict(legs)


def test_the_broker_tells_all_cash_and_all_fees(drawn: Draw) -> None:
    broker, cash, fees = BrokerBooks(drawn, OurBooks(drawn)), Decimal(0), Decimal(0)
    for date in drawn.dates:
        for login_id in LOGINS:
            statement = read_flex(render(broker.statement(login_id, date)))
            assert isinstance(statement, BrokerStatement)
            for account in statement.accounts:
                for trade in account.trades:
                    cash -= trade.signed_quantity * trade.price * trade.multiplier
                    fees += trade.fee
    others = sum((one.shares * one.price for one in drawn.outsiders), Decimal(0))
    drawn_cash = sum((one.cash for one in drawn.entries), Decimal(0))
    assert fees == sum((one.fee for one in drawn.entries), Decimal(0)) + len(drawn.outsiders)
    assert cash + others == drawn_cash


def test_every_fault_is_listed_and_can_be_asked_for() -> None:
    for name in FAULTS:
        assert name in list_of_faults()
        assert read_options(["--fault", name]).fault is FAULTS[name]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--fault", "weather"], "--list-faults"),
        (["--followers", "5"], "--followers"),
        (["--sessions", "2"], "--sessions"),
        (["--month", "October", "--sessions", "3"], "--month"),
    ],
)
def test_a_wrong_option_is_named(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        read_options(arguments)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err
