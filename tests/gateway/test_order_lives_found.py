"""Lives of orders that a search once ended on, each played again by name."""

from __future__ import annotations

from shared.domain.alerts import AlertType
from shared.domain.orders import Order, OrderState, Purpose
from tests.gateway.test_order_life import OrderLife


class _Life(OrderLife):
    """A life that begins at 09:30:20; its end checks all that must hold once all is told."""

    def __enter__(self) -> _Life:
        self.begin(second=20)
        return self

    def __exit__(self, *_: object) -> None:
        self.teardown()

    @property
    def closings(self) -> list[Order]:
        return [one for one in self.world.ours().orders if one.purpose is Purpose.CLOSE]

    @property
    def states(self) -> set[OrderState]:
        return {order.state for order in self.closings}

    @property
    def told(self) -> set[AlertType]:
        return {alert.alert_type for alert in self.world.pager.alerts.values()}

    def flatten_without_a_price(self) -> None:
        """Fill everybody, turn to flatten while nothing can be priced, then freeze the book."""
        self.the_market_moves(quotes="crossed", size=1)
        self.the_kill_switch_is_turned(mode="flatten")
        self.time_passes(seconds=5)
        self.the_kill_switch_is_turned(mode="frozen")


def test_a_flattening_that_a_freeze_and_a_crossed_market_held_up_closes_once_it_may() -> None:
    with _Life() as life:
        life.flatten_without_a_price()
        assert life.states == {OrderState.RELEASING}
        life.the_kill_switch_is_turned(mode="normal")
        life.time_passes(seconds=61)
        # Never sent, wanted still, and a person knows.
        assert life.states == {OrderState.RELEASING}
        assert [order.rungs for order in life.closings] == [(), (), ()]
        assert AlertType.CLOSE_FAILED in life.told
    assert life.states == {OrderState.FILLED}


def test_a_flattening_that_is_frozen_before_it_sent_anything_is_skipped_and_begun_anew() -> None:
    with _Life() as life:
        life.flatten_without_a_price()
        life.time_passes(seconds=31)
        assert life.states == {OrderState.SKIPPED}
    assert life.states == {OrderState.SKIPPED, OrderState.FILLED}


def test_a_leader_that_dies_in_a_frozen_flattening_leaves_nothing_unconfirmed() -> None:
    with _Life() as life:
        life.flatten_without_a_price()
        life.the_leader_dies_and_another_comes(seconds=5)
        life.time_passes(seconds=61)
        life.time_passes(seconds=61)
        assert life.states == {OrderState.RELEASING}
        assert AlertType.ORDER_UNCONFIRMED not in life.told
    assert life.states == {OrderState.FILLED}
