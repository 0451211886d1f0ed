"""What each order's ladder needs of the trading floor, by what the order is for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from gateway.floor import TradingFloor
from shared.domain.followers import LoginId
from shared.domain.ladder import LadderRules, late_rules, paced
from shared.domain.orders import LIVE_STATES, Order, OrderId, Purpose
from shared.domain.signals import SignalId
from shared.domain.trading_settings import TimeInForce, TradingSettings
from shared.use_cases.work_order import Floor

LAST_CLOSING = timedelta(seconds=20)
"""So long before the close the last closing is sent: its cancel must still get through."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RulesBook:
    """The ladder's rules for every order, as things stand at one instant.

    Attributes:
        settings: The rules of an ordinary order among them.
        live: Orders of ours that are live, by login.
        fills: Releases and signed average net prices of filled openings, by signal.
    """

    settings: TradingSettings
    live: Counter[LoginId]
    fills: dict[SignalId, list[tuple[datetime, Decimal]]]

    def of(self, order: Order) -> LadderRules:
        """Give an order's rules: paced by its connection, stricter for who comes late.

        Late is an opening released after others of its signal that have filled.
        """
        if order.purpose is not Purpose.OPEN:
            return self.settings.ladder
        before = [
            price
            for released_at, price in self.fills.get(order.signal_id, ())
            if order.released_at is None or released_at < order.released_at
        ]
        return late_rules(
            paced(self.settings.ladder, self.live[order.login_id]),
            before,
            credit_ratio=self.settings.late_credit_ratio,
        )


def rules_book(orders: Iterable[Order], settings: TradingSettings) -> RulesBook:
    """Make the book from every order of the desk."""
    live = Counter[LoginId]()
    fills: defaultdict[SignalId, list[tuple[datetime, Decimal]]] = defaultdict(list)
    for order in orders:
        live[order.login_id] += order.state in LIVE_STATES
        price, released_at = order.average_net_price, order.released_at
        if order.purpose is Purpose.OPEN and price is not None and released_at is not None:
            fills[order.signal_id].append((released_at, price))
    return RulesBook(settings=settings, live=live, fills=dict(fills))


class LadderFloors:
    """Makes what a ladder needs.

    Args:
        floor: What the leader works with.
        held: Orders that must keep the limit they have.
        on_silence: Told of an order that the broker does not acknowledge.
    """

    def __init__(
        self,
        floor: TradingFloor,
        held: Collection[OrderId],
        on_silence: Callable[[OrderId], None],
    ) -> None:
        self._floor = floor
        self._held = held
        self._on_silence = on_silence

    def of(self, order: Order, book: RulesBook) -> Floor:
        """Give an order's floor."""
        floor, settings = self._floor, book.settings
        is_opening = order.purpose is Purpose.OPEN
        cutoff_at = floor.cutoff_at(settings)
        is_timed = settings.opening_time_in_force is TimeInForce.GTD
        return Floor(
            desk=floor.desk,
            broker=floor.connections[order.login_id],
            clock=floor.clock,
            rules=book.of(order),
            market=lambda: floor.market(order.legs, settings),
            may_open=floor.may_open if is_opening else self._may_close,
            cutoff_at=cutoff_at if is_opening else floor.session.close_at - LAST_CLOSING,
            good_till=cutoff_at if is_opening and is_timed else None,
            is_held=lambda: order.order_id in self._held,
            on_silence=self._on_silence,
        )

    def _may_close(self) -> bool:
        return self._floor.lease.stands() and self._floor.kill_switch.mode().may_close
