"""The drawn month as the broker's statements: one JSON document a login and session."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from decimal import Decimal

from shared.domain.sessions import at_new_york
from tests.sandbox.control import Json
from tests.sandbox.month.ledger import STOCK, Draw, Entry, Outsider, Person, Told, What
from tests.sandbox.month.our_documents import OurBooks

_WRONG_BY = Decimal("0.05")
_CODES = {What.EXPIRY: ("Expiration", "Ep"), What.ASSIGNMENT: ("Assignment", "A")}


class BrokerBooks:
    """The broker's statements of a drawn month.

    Args:
        drawn: The month.
        ours: Names our orders.
    """

    def __init__(self, drawn: Draw, ours: OurBooks) -> None:
        self._drawn = drawn
        self._ours = ours

    def statement(self, login_id: str, date: str) -> dict[str, Json]:
        """A login's statement of a session, in the form of `tests.sandbox.flex_rendering`."""
        return {
            "session_date": date,
            "when_generated": self._generated_at(date),
            "accounts": [
                self._account(person, date)
                for person in self._drawn.people
                if person.login_id == login_id
            ],
        }

    def _generated_at(self, date: str) -> str:
        return at_new_york(date, "23:50:00").isoformat()

    def _account(self, person: Person, date: str) -> dict[str, Json]:
        who = person.follower_id
        told = [one for one in self._drawn.entries if one.follower_id == who]
        traded = [one for one in told if one.exec_id and one.date == date]
        booked = [one for one in told if not one.exec_id and self._night_of(one) == date]
        others = [one for one in self._drawn.outsiders if one.follower_id == who]
        trades: list[Json] = [row for one in traded for row in self._executions(one)]
        trades += [_outsider(one) for one in others if one.date == date]
        trades += [self._booking(one, date) for one in booked]
        moved = self._drawn.moves.get((date, who))
        return {
            "account_id": person.account_id,
            "trades": trades,
            "option_events": [_event(one) for one in booked if one.option is not None],
            "positions": list(self._positions(told, others, date)),
            "cash_transactions": []
            if moved is None
            else [{"kind": "Deposits/Withdrawals", "amount": str(moved)}],
        }

    def _night_of(self, entry: Entry) -> str:
        """The session whose statement tells a booking: the broker dates it that of the expiry."""
        return self._drawn.deals[entry.deal].expiry

    def _executions(self, entry: Entry) -> Iterator[Json]:
        row = self._execution(entry, revision="01")
        if entry.told is not Told.WRONG_PRICE:
            yield row
            return
        first = {**row, "price": str(entry.price + _WRONG_BY)}
        yield first
        yield {
            **first,
            "exec_id": "",
            "trade_id": "",
            "canceled_trade_id": row["trade_id"],
            "commission": str(-entry.fee),
        }
        yield {**row, "exec_id": f"{entry.exec_id}.02"}

    def _execution(self, entry: Entry, *, revision: str) -> dict[str, Json]:
        fill = self._ours.true_fill(entry)
        return {
            "exec_id": f"{entry.exec_id}.{revision}",
            "trade_id": _number(entry.exec_id),
            "order_id": _number(fill.order_id),
            "order_ref": fill.order_ref,
            "contract": _name(entry),
            "side": str(fill.side),
            "quantity": str(fill.quantity),
            "price": str(entry.price),
            "commission": str(entry.fee),
            "at": entry.at.isoformat(),
        }

    def _booking(self, entry: Entry, date: str) -> Json:
        number = _number(f"{entry.follower_id} {entry.deal} {entry.what} {entry.key}")
        return {
            "exec_id": "",
            "trade_id": number,
            "order_id": number,
            "contract": _name(entry),
            "kind": "BookTrade",
            "notes": _CODES[entry.what][1],
            "side": "BUY" if entry.quantity > 0 else "SELL",
            "quantity": str(abs(entry.quantity)),
            "price": str(entry.price),
            "commission": "0",
            "date": date,
            "at": self._generated_at(date),
        }

    def _positions(self, told: list[Entry], others: list[Outsider], date: str) -> Iterator[Json]:
        """What the account holds once the night of a session is over."""
        held: dict[str, int] = {}
        for one in told:
            on = one.date if one.exec_id else self._night_of(one)
            if on <= date:
                held[_name(one)] = held.get(_name(one), 0) + one.quantity
        for other in others:
            if other.date <= date:
                held[STOCK] = held.get(STOCK, 0) + other.shares
        for name, count in held.items():
            if count:
                yield {"contract": name, "quantity": str(count)}


def _event(entry: Entry) -> Json:
    return {
        "contract": _name(entry),
        "kind": _CODES[entry.what][0],
        "quantity": str(entry.quantity),
    }


def _outsider(trade: Outsider) -> Json:
    return {
        "exec_id": f"{trade.exec_id}.01",
        "trade_id": _number(trade.exec_id),
        "order_id": _number(f"order {trade.exec_id}"),
        "contract": STOCK,
        "side": "BUY" if trade.shares > 0 else "SELL",
        "quantity": str(abs(trade.shares)),
        "price": str(trade.price),
        "commission": "1.00",
        "at": trade.at.isoformat(),
    }


def _name(entry: Entry) -> str:
    return STOCK if entry.option is None else entry.option.occ


def _number(name: str) -> str:
    """A number of the broker's own."""
    return str(int(hashlib.sha256(name.encode()).hexdigest()[:10], 16))
