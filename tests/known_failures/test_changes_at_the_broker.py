"""Known failures of changing and ending orders: one login, the real client library."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from shared.ports.broker import (
    Execution,
    OrderEndReported,
    OrderMessage,
)
from tests.contract.broker_stories import (
    an_order,
    at_limit,
    filled,
    of_type,
    placed,
    spreads_filled,
)
from tests.contract.venues import SimulatorVenue
from tests.known_failures.login_stories import LOGIN_ID, arm, orders_at, tell


def test_a_notice_that_ends_the_librarys_order_does_not_end_ours(tmp_path: Path) -> None:
    """10349: both libraries mark the live order Cancelled; it is worked and filled all the same."""

    async def story(venue: SimulatorVenue) -> None:
        order = await placed(venue, an_order(venue.broker))
        number = order.ids.broker_order_id
        text = "Order TIF was set to DAY based on order preset."
        venue.simulator.send_error(LOGIN_ID, number, 10349, text)
        await venue.settle()
        assert [one.code for one in of_type(venue, OrderMessage)] == [10349]
        assert len((await venue.broker.sweep()).open_orders) == 1
        await placed(venue, at_limit(order, "-0.96"))
        await venue.advance(5)
        assert spreads_filled(venue) == 2
        assert len(orders_at(venue)) == 1

    tell(tmp_path, story)


def test_a_change_off_the_tick_is_told_and_leaves_the_order_as_it_was(tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue) -> None:
        order = await placed(venue, an_order(venue.broker))
        await placed(venue, at_limit(order, "-0.995"))
        assert [one.code for one in of_type(venue, OrderMessage)] == [110]
        (kept,) = orders_at(venue)
        assert kept.ticket.limit_price == Decimal("-1.00")
        await placed(venue, at_limit(order, "-0.96"))
        await venue.advance(5)
        assert spreads_filled(venue) == 2

    tell(tmp_path, story)


@pytest.mark.parametrize("code", [161, 10147])
def test_a_refused_cancel_of_a_live_order_proves_nothing(code: int, tmp_path: Path) -> None:
    """The library marks the order Cancelled on some of them; the books show that it lives."""

    async def story(venue: SimulatorVenue) -> None:
        order = await placed(venue, an_order(venue.broker))
        arm(venue, f"{code}-on-cancel")
        venue.broker.cancel(order.ids)
        await venue.settle()
        assert [one.code for one in of_type(venue, OrderMessage)] == [code]
        assert len((await venue.broker.sweep()).open_orders) == 1
        venue.broker.cancel(order.ids)
        await venue.settle()
        assert (await venue.broker.sweep()).open_orders == ()

    tell(tmp_path, story)


@pytest.mark.parametrize("code", [103, 105, 110])
def test_a_refused_change_leaves_one_order_that_can_still_be_changed(
    code: int, tmp_path: Path
) -> None:
    async def story(venue: SimulatorVenue) -> None:
        order = await placed(venue, an_order(venue.broker))
        arm(venue, f"{code}-on-modify")
        await placed(venue, at_limit(order, "-0.99"))
        assert [one.code for one in of_type(venue, OrderMessage)] == [code]
        (found,) = (await venue.broker.sweep()).open_orders
        assert found.order_ref == "SP-ONE"
        await placed(venue, at_limit(order, "-0.96"))
        await venue.advance(5)
        assert spreads_filled(venue) == 2
        assert len(orders_at(venue)) == 1

    tell(tmp_path, story)


def test_a_change_that_comes_after_the_fill_is_told_as_such(tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue) -> None:
        order = await placed(venue, an_order(venue.broker))
        arm(venue, "104-on-modify")
        await placed(venue, at_limit(order, "-0.99"))
        await venue.advance(2)
        assert 104 in {one.code for one in of_type(venue, OrderMessage)}
        assert spreads_filled(venue) == 2
        assert (await venue.broker.sweep()).open_orders == ()

    tell(tmp_path, story)


@pytest.mark.parametrize(("fault", "code"), [("201-on-order", 201), ("105-on-modify", 105)])
def test_the_words_of_a_refusal_are_told_before_the_end_that_the_library_makes_of_it(
    fault: str, code: int, tmp_path: Path
) -> None:
    """The library ends the order first; who then settles it would not know that it was refused."""

    async def story(venue: SimulatorVenue) -> None:
        arm(venue, fault)
        order = await placed(venue, an_order(venue.broker))
        await placed(venue, at_limit(order, "-0.99"))
        words = [one for one in of_type(venue, OrderMessage) if one.code == code]
        ends = of_type(venue, OrderEndReported)
        assert len(words) == 1
        assert all(venue.events.index(words[0]) < venue.events.index(end) for end in ends)

    tell(tmp_path, story)


def test_a_warning_about_an_order_does_not_end_it(tmp_path: Path) -> None:
    """399: for instance that it is held until the open."""

    async def story(venue: SimulatorVenue) -> None:
        arm(venue, "399-on-order")
        order = await placed(venue, an_order(venue.broker))
        assert [one.code for one in of_type(venue, OrderMessage)] == [399]
        await placed(venue, at_limit(order, "-0.96"))
        await venue.advance(5)
        assert spreads_filled(venue) == 2

    tell(tmp_path, story)


def test_a_fill_that_crosses_the_cancel_is_told_and_swept(tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue) -> None:
        order = await placed(venue, an_order(venue.broker))
        arm(venue, "fill-after-cancel", quantity=1)
        venue.broker.cancel(order.ids)
        await venue.settle()
        await venue.advance(1)
        assert spreads_filled(venue) == 1
        sweep = await venue.broker.sweep()
        assert sweep.open_orders == ()
        assert set(sweep.executions) == set(of_type(venue, Execution))

    tell(tmp_path, story)


def test_a_cancel_that_comes_after_the_fill_is_refused_and_the_fill_is_told(
    tmp_path: Path,
) -> None:
    async def story(venue: SimulatorVenue) -> None:
        order = await filled(venue)
        venue.broker.cancel(order.ids)
        await venue.settle()
        assert {one.code for one in of_type(venue, OrderMessage)} <= {161, 10148}
        sweep = await venue.broker.sweep()
        assert spreads_filled(venue) == 2
        assert sum(1 for one in sweep.positions.values() if one) == 2

    tell(tmp_path, story)
