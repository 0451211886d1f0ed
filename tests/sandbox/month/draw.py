"""Draws a month of trading from a seed: what happened, not what it comes to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from shared.adapters.session_table import session_table
from shared.domain.sessions import at_new_york
from tests.sandbox.month.dice import Dice
from tests.sandbox.month.executions import Chance
from tests.sandbox.month.ledger import (
    STOCK,
    Deal,
    Draw,
    Ending,
    Entry,
    Outsider,
    Person,
    Told,
    What,
)
from tests.sandbox.month.people import draw_people

SLOTS = ("10:00:00", "11:30:00", "12:59:30")
"""New York times of the few marks of a day; all lie in an early close too."""
_WIDTH = 5
_MOST_SPREADS = 6
_CARRIED_OFF = 25


def draw_month(*, month: str, followers: int, seed: int, sessions: int = 0) -> Draw:
    """Draw a month.

    Args:
        month: `2026-10`.
        followers: How many.
        seed: Decides everything else.
        sessions: Only so many of its last sessions are played; 0 for all.
    """
    dice = Dice(f"month {month} {followers} {seed}")
    dates = [str(one.session_date) for one in session_table().sessions_in_month(month)]
    played = tuple(dates[-sessions:])
    people = draw_people(followers, len(played), dice)
    deals = {deal.date: deal for deal in _deals(played, dice)}
    ordered: dict[tuple[str, str], int] = {}
    entries: list[Entry] = []
    for number, date in enumerate(played):
        for person in people:
            if person.trades_in(number):
                ordered[date, person.follower_id] = dice.between(2, _MOST_SPREADS)
                entries += _trades(played, deals[date], person, ordered, dice)
    entries = _mistold(sorted(entries, key=lambda one: (one.at, one.follower_id, one.exec_id)))
    drawn = Draw(
        month=month,
        dates=played,
        people=people,
        deals=deals,
        ordered=ordered,
        entries=tuple(entries),
        mids=_mids(played, deals, dice),
    )
    return _with_others(drawn)


def _deals(dates: tuple[str, ...], dice: Dice) -> Iterator[Deal]:
    """Draw a spread for each session; a carried one over a weekend, where there is one."""
    carried, assigned = _carried(dates), _assigned(dates)
    for number, date in enumerate(dates):
        ending = dice.choose((Ending.BOUGHT_BACK, Ending.WORTHLESS))
        expiry, off = date, dice.between(0, 6)
        if number == carried:
            # Strikes of its own: on the day it expires another spread may be traded.
            ending, expiry, off = Ending.CARRIED, dates[number + 2], off + _CARRIED_OFF
        elif number == assigned:
            ending = Ending.ASSIGNED
        elif number == len(dates) - 1:
            ending = Ending.BOUGHT_BACK
        is_put = dice.falls()
        short = 590 + (-off if is_put else off)
        yield Deal(
            date=date,
            strategy="Long" if is_put else "Short",
            expiry=expiry,
            long_strike=short + (-_WIDTH if is_put else _WIDTH),
            short_strike=short,
            ending=ending,
        )


def _carried(dates: tuple[str, ...]) -> int | None:
    """The session whose spread expires two sessions later: one before a weekend if possible."""
    fitting = range(len(dates) - 2)
    before_weekend = [
        number
        for number in fitting
        if at_new_york(dates[number + 1], "12:00") - at_new_york(dates[number], "12:00")
        > at_new_york("2026-01-02", "12:00") - at_new_york("2026-01-01", "12:00")
    ]
    return next(iter([*before_weekend, *fitting]), None)


def _assigned(dates: tuple[str, ...]) -> int | None:
    """The session whose spread is assigned; shares are cleared up in the next one."""
    carried = _carried(dates)
    fitting = [number for number in range(len(dates) - 1) if number != carried]
    return fitting[len(fitting) // 2] if len(fitting) > 1 else None


def _trades(
    dates: tuple[str, ...],
    deal: Deal,
    person: Person,
    ordered: Mapping[tuple[str, str], int],
    dice: Dice,
) -> list[Entry]:
    """Draw a follower's part in a spread: whole, partial or none; and how it ends."""
    chance = Chance(person.follower_id, deal, dice)
    wanted = ordered[deal.date, person.follower_id]
    filled = dice.choose((wanted, wanted, wanted, wanted - 1, 0))
    if not filled:
        return []
    opened = chance.open(filled)
    match deal.ending:
        case Ending.BOUGHT_BACK:
            return [*opened, *chance.buy_back(filled)]
        case Ending.ASSIGNED:
            following = dates[dates.index(deal.date) + 1]
            return [*opened, *chance.assigned(filled, following)]
        case Ending.WORTHLESS | Ending.CARRIED:
            return [*opened, *chance.expire(filled)]


def _mistold(entries: list[Entry]) -> list[Entry]:
    """Let our books know less than happened, of three followers: a fee, a price, a fill."""
    told = list(entries)
    spared: set[str] = set()
    for what, said in (
        (What.CLOSE, Told.MISSING),
        (What.OPEN, Told.NO_FEE),
        (What.OPEN, Told.WRONG_PRICE),
    ):
        chosen = next(
            (one for one in told if one.follower_id not in spared and _may_be(one, what, said)),
            None,
        )
        if chosen is None:
            continue
        spared.add(chosen.follower_id)
        family = chosen.exec_id.rpartition(".")[0]
        for place, one in enumerate(told):
            # Of what is missing, both legs are.
            is_other_leg = said is Told.MISSING and one.exec_id.startswith(f"{family}.")
            if one == chosen or is_other_leg:
                told[place] = replace(one, told=said)
    return told


def _may_be(entry: Entry, what: What, said: Told) -> bool:
    """Only the second of two closing executions is ever missing."""
    is_second = entry.exec_id.rpartition(".")[0].endswith("b")
    return entry.what is what and (is_second or said is not Told.MISSING)


def _mids(
    dates: tuple[str, ...], deals: Mapping[str, Deal], dice: Dice
) -> dict[str, dict[str, dict[str, Decimal]]]:
    """Draw the middle of the market of whatever somebody may hold, a few times a day."""
    found: dict[str, dict[str, dict[str, Decimal]]] = {}
    for date in dates:
        live = [deal for deal in deals.values() if deal.date <= date <= deal.expiry]
        found[date] = {slot: {} for slot in SLOTS}
        for slot in SLOTS:
            for deal in live:
                low = Decimal(dice.between(5, 90)) / 100
                found[date][slot][deal.long.key] = low
                found[date][slot][deal.short.key] = low + Decimal(dice.between(5, 200)) / 100
            found[date][slot][STOCK] = Decimal(dice.between(58_000, 60_000)) / 100
    return found


def _with_others(drawn: Draw) -> Draw:
    """Add money that comes and goes, and a trade that is none of ours."""
    first = drawn.people[0].follower_id
    moves = {
        (drawn.dates[0], first): Decimal("25000"),
        (drawn.dates[-1], first): Decimal("-1234.56"),
    }
    who = drawn.people[-1].follower_id
    since = drawn.dates[len(drawn.dates) // 3]
    opened = [
        one
        for one in drawn.entries
        if one.follower_id == who and one.what is What.OPEN and one.date >= since
    ]
    outsiders = tuple(
        Outsider(
            follower_id=who,
            date=one.date,
            at=at_new_york(one.date, "11:11:11"),
            shares=10,
            price=Decimal("591.25"),
            exec_id="0000aaaa.65000001.01",
        )
        for one in opened[:1]
    )
    return replace(drawn, moves=moves, outsiders=outsiders)
