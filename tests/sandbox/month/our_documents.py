"""The drawn month as our own documents: as gateway and functions would have written them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from shared.domain.account_snapshot import AccountSnapshot
from shared.domain.boards import Board, board_line
from shared.domain.close_causes import CloseCause
from shared.domain.fills import COMBO_KEY, ExecId, Fill
from shared.domain.followers import AccountId, FollowerId, LoginId
from shared.domain.options import ContractKey
from shared.domain.orders import (
    BrokerIds,
    Order,
    OrderId,
    OrderState,
    Purpose,
    opening_order_id,
    order_ref_of,
)
from shared.domain.positions import Position, position_from_fills, position_id_of
from shared.domain.quotes import Quote
from shared.domain.reasons import Reason
from shared.domain.sessions import at_new_york
from shared.domain.signals import SignalId
from shared.domain.spreads import Side, Spread, Strategy, spread_of
from tests.sandbox.month.ledger import STOCK, Deal, Draw, Entry, Person, Told, What

_WRONG_BY = Decimal("0.05")
_CLIENT_ID = 7


def spread_of_deal(deal: Deal) -> Spread:
    """The spread as our books name it."""
    return spread_of(
        symbol=STOCK,
        strategy=Strategy(deal.strategy),
        expiry=deal.expiry,
        long_strike=Decimal(deal.long_strike),
        short_strike=Decimal(deal.short_strike),
    )


class OurBooks:
    """Our documents of a drawn month.

    Args:
        drawn: The month.
    """

    def __init__(self, drawn: Draw) -> None:
        self._drawn = drawn
        self._people = {one.follower_id: one for one in drawn.people}

    def order_id(self, entry: Entry) -> OrderId:
        """The order of ours that an entry belongs to."""
        who, deal = FollowerId(entry.follower_id), self._drawn.deals[entry.deal]
        position_id = position_id_of(who, spread_of_deal(deal))
        match entry.what:
            case What.CLOSE:
                return OrderId(f"{position_id}~close~1")
            case What.CLEARING:
                return OrderId(f"{position_id}~remedy~1")
            case What.OPEN | What.EXPIRY | What.ASSIGNMENT:
                return opening_order_id(_signal(deal), who)

    def fills(self, date: str) -> Iterator[Fill]:
        """A session's fills, as our books know them before the statement comes."""
        for entry in self._entries(date):
            if entry.told is Told.MISSING:
                continue
            fill = self.true_fill(entry)
            if entry.told is Told.NO_FEE:
                fill = replace(fill, fee=None)
            elif entry.told is Told.WRONG_PRICE:
                fill = replace(fill, price=fill.price + _WRONG_BY)
            yield fill
            if entry.exec_id.endswith(".02"):
                yield self._combo(fill)

    def true_fill(self, entry: Entry) -> Fill:
        """An entry as it is in the end."""
        person = self._people[entry.follower_id]
        order_id = self.order_id(entry)
        return Fill(
            exec_id=ExecId(entry.exec_id or self._booking_id(entry)),
            order_id=order_id,
            follower_id=FollowerId(person.follower_id),
            account_id=AccountId(person.account_id),
            session_date=entry.date,
            contract_key=ContractKey(entry.key),
            side=Side.BUY if entry.quantity > 0 else Side.SELL,
            quantity=abs(entry.quantity),
            price=entry.price,
            multiplier=entry.multiplier,
            fee=entry.fee,
            at=entry.at,
            order_ref=order_ref_of(order_id) if entry.exec_id else "",
        )

    def orders(self, date: str) -> Iterator[Order]:
        """Every order of a session at its end: openings, closings and what clears up."""
        deal = self._drawn.deals[date]
        for (day, who), wanted in self._drawn.ordered.items():
            if day == date:
                yield self._opening(self._people[who], deal, wanted)
        worked = [one for one in self._entries(date) if one.what in (What.CLOSE, What.CLEARING)]
        by_id: dict[OrderId, list[Entry]] = {}
        for one in worked:
            by_id.setdefault(self.order_id(one), []).append(one)
        for order_id, entries in by_id.items():
            yield self._later(order_id, entries)

    def positions(self, until: datetime) -> Iterator[Position]:
        """Every position as it stands at an instant; those that are long over are left out."""
        found: dict[tuple[str, str], list[Entry]] = {}
        for one in self._drawn.entries:
            if one.at <= until:
                found.setdefault((one.follower_id, one.deal), []).append(one)
        for (who, date), entries in found.items():
            yield position_from_fills(
                follower_id=FollowerId(who),
                account_id=AccountId(self._people[who].account_id),
                session_date=date,
                spread=spread_of_deal(self._drawn.deals[date]),
                fills=[self.true_fill(one) for one in entries],
            )

    def board(self, date: str) -> Board:
        """The session's board at its end."""
        at = at_new_york(date, "16:20:00")
        positions = list(self.positions(at))
        openings = [one for one in self.orders(date) if one.purpose is Purpose.OPEN]
        return Board(
            session_date=date,
            shard=0,
            part=0,
            lines={
                str(order.follower_id): board_line(order, self._of(positions, order))
                for order in openings
            },
            written_at=at,
        )

    def quotes(self, date: str) -> Iterator[Quote]:
        """The session's last quotes."""
        slot = max(self._drawn.mids[date])
        return quotes_at(self._drawn.mids[date][slot], at_new_york(date, slot))

    def snapshots(self, date: str, *, at: datetime) -> Iterator[AccountSnapshot]:
        """What the morning's sweep finds: every account agrees with the books."""
        held: dict[str, dict[ContractKey, int]] = {}
        for one in self._drawn.entries:
            if one.at <= at:
                account = held.setdefault(one.follower_id, {})
                key = ContractKey(one.key)
                account[key] = account.get(key, 0) + one.quantity
        for person in self._drawn.people:
            quantities = held.get(person.follower_id, {})
            yield AccountSnapshot(
                account_id=AccountId(person.account_id),
                login_id=LoginId(person.login_id),
                follower_id=FollowerId(person.follower_id),
                session_date=date,
                checked_at=at,
                quantities={key: count for key, count in quantities.items() if count},
                agrees=True,
            )

    def _entries(self, date: str) -> list[Entry]:
        return [one for one in self._drawn.entries if one.date == date]

    def _of(self, positions: Sequence[Position], order: Order) -> list[Position]:
        return [
            one
            for one in positions
            if one.follower_id == order.follower_id and one.session_date == order.session_date
        ]

    def _booking_id(self, entry: Entry) -> str:
        """The ids of `shared.use_cases.book_settlement`."""
        who, deal = FollowerId(entry.follower_id), self._drawn.deals[entry.deal]
        name = "expiry" if entry.what is What.EXPIRY else "assignment-1"
        return f"{name}-{position_id_of(who, spread_of_deal(deal))}-{entry.key}"

    def _combo(self, fill: Fill) -> Fill:
        """The execution of the combo itself, told beside those of its legs."""
        return replace(
            fill,
            exec_id=ExecId(f"{fill.exec_id.rpartition('.')[0]}.01"),
            contract_key=COMBO_KEY,
            side=Side.BUY,
            price=Decimal("-1"),
            fee=None,
        )

    def _opening(self, person: Person, deal: Deal, wanted: int) -> Order:
        entries = [
            one
            for one in self._entries(deal.date)
            if one.what is What.OPEN and one.follower_id == person.follower_id
        ]
        filled = sum(one.quantity for one in entries if one.option == deal.long)
        state = {0: OrderState.CANCELED, wanted: OrderState.FILLED}.get(
            filled, OrderState.PARTIALLY_FILLED
        )
        order_id = opening_order_id(_signal(deal), FollowerId(person.follower_id))
        order = self._order(order_id, Purpose.OPEN, person, deal, date=deal.date)
        return replace(
            order,
            quantity=wanted,
            filled_quantity=filled,
            state=state,
            reason=None if filled == wanted else Reason.LIMIT_REACHED,
            average_net_price=_net(entries, filled),
        )

    def _later(self, order_id: OrderId, entries: Sequence[Entry]) -> Order:
        first = entries[0]
        deal, person = self._drawn.deals[first.deal], self._people[first.follower_id]
        is_close = first.what is What.CLOSE
        purpose = Purpose.CLOSE if is_close else Purpose.FLATTEN_SHARES
        count = sum(abs(one.quantity) for one in entries if one.option in (None, deal.long))
        return replace(
            self._order(order_id, purpose, person, deal, date=first.date),
            quantity=count,
            filled_quantity=count,
            close_cause=CloseCause.TIME_VALUE if is_close else None,
        )

    def _order(
        self, order_id: OrderId, purpose: Purpose, person: Person, deal: Deal, *, date: str
    ) -> Order:
        return Order(
            order_id=order_id,
            purpose=purpose,
            signal_id=_signal(deal),
            follower_id=FollowerId(person.follower_id),
            login_id=LoginId(person.login_id),
            account_id=AccountId(person.account_id),
            session_date=date,
            spread=spread_of_deal(deal),
            quantity=1,
            state=OrderState.FILLED,
            planned_at=at_new_york(date, "09:27:30"),
            broker=BrokerIds(
                order_ref=order_ref_of(order_id), client_id=_CLIENT_ID, broker_order_id=1
            ),
        )


def quotes_at(mids: Mapping[str, Decimal], at: datetime) -> Iterator[Quote]:
    """Quotes of a cent on either side of the middle."""
    cent = Decimal("0.01")
    for key, mid in mids.items():
        yield Quote(
            contract_key=ContractKey(key),
            bid=mid - cent,
            ask=mid + cent,
            bid_size=10,
            ask_size=10,
            at=at,
        )


def _signal(deal: Deal) -> SignalId:
    return SignalId(f"{deal.date}-{STOCK}-1")


def _net(entries: Sequence[Entry], filled: int) -> Decimal | None:
    if not filled:
        return None
    cash = sum((one.cash for one in entries), Decimal(0))
    return (-cash / 100 / filled).quantize(Decimal("0.000001"))
