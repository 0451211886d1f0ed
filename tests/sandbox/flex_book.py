"""The broker's statement of a played day, made from the IB Gateway simulator's own book.

So a day's books of ours are settled against the broker's truth, not against themselves. What the
simulator's control API does not tell is worked out from what it does: an option that is not held
any more and was not traded away has ended, and the shares that appeared say how.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import requests

from tests.sandbox.control import Json
from tests.sandbox.flex_rendering import Document, documents

_SECONDS = 30
_EXERCISED_FROM = Decimal("0.01")
_CODES = {"Assignment": "A", "Exercise": "Ex", "Expiration": "Ep"}
_MULTIPLIER = 100


@dataclass(frozen=True, kw_only=True)
class BookedDay:
    """What is known of a day beside the simulator's state.

    Attributes:
        session_date: ISO text.
        generated_at: When the statement is made (ISO 8601).
        closing_spot: Underlying at the close, USD per share.
        before: Contracts held before the day, by account and local symbol.
        exercised: How many contracts of an option were assigned or exercised, by account and local
            symbol, where its closing price does not tell.
        tells_references: False as on a paper account.
    """

    session_date: str
    generated_at: str
    closing_spot: Decimal
    before: Mapping[tuple[str, str], int] = field(default_factory=dict)
    exercised: Mapping[tuple[str, str], int] = field(default_factory=dict)
    tells_references: bool = True


def read_state(control_url: str) -> Document:
    """Ask the simulator for its book."""
    answer = requests.get(f"{control_url}/state", timeout=_SECONDS)
    answer.raise_for_status()
    state: dict[str, Json] = answer.json()
    return state


def statement_of_book(
    login_id: str, day: BookedDay, *, traded: Document, settled: Document | None = None
) -> dict[str, Json]:
    """Make a login's statement, in the form that `PUT /_sandbox/statements` takes.

    Args:
        login_id: Login of the simulator.
        day: What is known beside.
        traded: The simulator's state while it still tells the day's executions.
        settled: Its state after the night's clearing; the same state where that was waited for.

    Raises:
        ValueError: The shares that appeared are not those that the ended options deliver.
    """
    executions = documents(_login(traded, login_id), "executions")
    accounts = _accounts(_login(settled or traded, login_id))
    return {
        "session_date": day.session_date,
        "when_generated": day.generated_at,
        "accounts": [
            _AccountBook(
                account_id,
                day,
                executions=[
                    row
                    for row in executions
                    if row["account"] == account_id and row["sec_type"] != "BAG" and row["perm_id"]
                ],
                held={
                    str(one["local_symbol"]): int(str(one["quantity"]))
                    for one in documents(account, "positions")
                },
            ).statement()
            for account_id, account in accounts.items()
        ],
    }


def _login(state: Document, login_id: str) -> Document:
    logins = state["logins"]
    login = logins.get(login_id) if isinstance(logins, dict) else None
    if not isinstance(login, dict):
        raise TypeError(f"no login {login_id}")
    return login


def _accounts(login: Document) -> dict[str, Document]:
    accounts = login["accounts"]
    if not isinstance(accounts, dict):
        raise TypeError("no accounts")
    return {name: one for name, one in accounts.items() if isinstance(one, dict)}


class _AccountBook:
    """One account's day."""

    def __init__(
        self, account_id: str, day: BookedDay, *, executions: list[Document], held: dict[str, int]
    ) -> None:
        self._account_id = account_id
        self._day = day
        self._executions = executions
        self._held = held

    def statement(self) -> dict[str, Json]:
        ended = dict(self._ended())
        events: list[Json] = [
            {"contract": name, "kind": kind, "quantity": str(change)}
            for name, parts in ended.items()
            for kind, change in parts
        ]
        positions: list[Json] = [
            {"contract": name, "quantity": str(count)}
            for name, count in self._held.items()
            if count
        ]
        return {
            "account_id": self._account_id,
            "trades": [*self._trades(), *self._bookings(ended)],
            "option_events": events,
            "positions": positions,
            "cash_transactions": [],
        }

    def _trades(self) -> Iterator[Json]:
        """Tell executions; a correction after the cancellation of what it corrects."""
        told: dict[str, dict[str, Json]] = {}
        for row in self._executions:
            stem = str(row["exec_id"]).rpartition(".")[0]
            trade = self._trade(row, stem)
            earlier = told.get(stem)
            if earlier is not None:
                yield {
                    **earlier,
                    "exec_id": "",
                    "trade_id": "",
                    "canceled_trade_id": str(earlier["trade_id"]),
                    "commission": f"{-Decimal(str(earlier['commission']))}",
                }
            told[stem] = trade
            if row["shares"]:
                yield trade

    def _trade(self, row: Document, stem: str) -> dict[str, Json]:
        return {
            "exec_id": str(row["exec_id"]),
            "trade_id": _number(stem),
            # Not the permanent id: https://github.com/westonplatter/ngv_reports_ibkr/pull/38
            "order_id": _number(f"order {row['perm_id']}"),
            "order_ref": str(row["order_ref"]) if self._day.tells_references else "",
            "contract": str(row["local_symbol"]),
            "side": "BUY" if row["side"] == "BOT" else "SELL",
            "quantity": str(row["shares"]),
            "price": str(row["price"]),
            "commission": str(row["commission"] or 0),
            "at": str(row["at"]),
        }

    def _ended(self) -> Iterator[tuple[str, list[tuple[str, int]]]]:
        """Tell what became of each option that is gone without a trade, signed by change."""
        shares = 0
        for name in sorted({*self._names()}):
            change = self._change(name)
            if len(name) <= 6 or not change:
                continue
            exercised = self._exercised(name, abs(change))
            kind = "Assignment" if change > 0 else "Exercise"
            sign = 1 if change > 0 else -1
            parts = [(kind, sign * exercised), ("Expiration", sign * (abs(change) - exercised))]
            yield name, [(what, count) for what, count in parts if count]
            shares += _shares(name, sign * exercised)
        ticker = next((name for name in self._names() if len(name) <= 6), None)
        appeared = 0 if ticker is None else self._change(ticker)
        if appeared != shares:
            raise ValueError(
                f"{self._account_id}: {appeared} shares appeared, the options that ended deliver "
                f"{shares}; name what was assigned or exercised"
            )

    def _names(self) -> set[str]:
        traded = {str(row["local_symbol"]) for row in self._executions}
        before = {name for account_id, name in self._day.before if account_id == self._account_id}
        return traded | before | set(self._held)

    def _change(self, name: str) -> int:
        """What is held less what trades made of what was held before."""
        last: dict[str, int] = {}
        for row in self._executions:
            if row["local_symbol"] == name:
                sign = 1 if row["side"] == "BOT" else -1
                last[str(row["exec_id"]).rpartition(".")[0]] = sign * int(str(row["shares"]))
        before = self._day.before.get((self._account_id, name), 0)
        return self._held.get(name, 0) - before - sum(last.values())

    def _exercised(self, name: str, ended: int) -> int:
        """How many of the contracts that ended were assigned or exercised."""
        told = self._day.exercised.get((self._account_id, name))
        if told is not None:
            return told
        strike, right = Decimal(name[13:]) / 1000, name[12]
        spot = self._day.closing_spot
        gain = spot - strike if right == "C" else strike - spot
        expires = f"20{name[6:8]}-{name[8:10]}-{name[10:12]}"
        is_over = expires <= self._day.session_date
        return ended if gain >= _EXERCISED_FROM or not is_over else 0

    def _bookings(self, ended: Mapping[str, list[tuple[str, int]]]) -> Iterator[Json]:
        """Tell the trades that the broker books itself: options at 0, shares at the strike."""
        for name, parts in ended.items():
            for kind, change in parts:
                yield self._booking(name, kind, change, "0")
                if kind != "Expiration":
                    strike = f"{(Decimal(name[13:]) / 1000).normalize():f}"
                    ticker = name[:6].strip()
                    yield self._booking(ticker, kind, _shares(name, change), strike, of=name)

    def _booking(self, name: str, kind: str, change: int, price: str, *, of: str = "") -> Json:
        number = _number(f"{self._account_id} {self._day.session_date} {kind} {name} {of}")
        return {
            "exec_id": "",
            "trade_id": number,
            "order_id": number,
            "contract": name,
            "kind": "BookTrade",
            "notes": _CODES[kind],
            "side": "BUY" if change > 0 else "SELL",
            "quantity": str(abs(change)),
            "price": price,
            "commission": "0",
            "date": self._day.session_date,
            "at": self._day.generated_at,
        }


def _shares(name: str, change: int) -> int:
    """Shares that ended contracts deliver: an assigned put buys, an exercised put sells."""
    return change * _MULTIPLIER * (1 if name[12] == "P" else -1)


def _number(name: str) -> str:
    """A number of the broker's own."""
    return str(int(hashlib.sha256(name.encode()).hexdigest()[:10], 16))
