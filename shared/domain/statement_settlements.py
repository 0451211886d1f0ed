"""Assignments, exercises and expirations of a statement against what we booked of them.

IBKR lists each twice: as an option event and as trades that it booked itself (the option at 0,
the shares at the strike). Money is the same however it is named: an option that ends is closed
at 0, and shares come at the strike. So contracts and shares are compared, not the names: an
expiry that we booked at 16:00 and that proves assigned at night has no second closing with us.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from shared.domain.assignment import shares_of_assignment, shares_of_exercise
from shared.domain.broker_statement import (
    AccountStatement,
    OptionEvent,
    OptionEventKind,
    StatementTrade,
)
from shared.domain.fills import ExecId, Fill
from shared.domain.followers import FollowerId
from shared.domain.money import ZERO, usd_text
from shared.domain.options import ContractKey, OptionContract, strike_text, underlying_key
from shared.domain.statement_mismatch import Mismatch, MismatchKind

_NAMES = {
    OptionEventKind.ASSIGNMENT: "assignment-",
    OptionEventKind.EXERCISE: "exercise-",
    OptionEventKind.EXPIRATION: "expiry-",
}
"""How the ids of `shared.use_cases.book_settlement` begin."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SettlementCheck:
    """What came of comparing an account's settlements.

    Attributes:
        fee_corrections: Bookings of ours that the broker charged for.
        mismatches: What our bookings do not show.
    """

    fee_corrections: tuple[Fill, ...]
    mismatches: tuple[Mismatch, ...]


def is_settlement(fill: Fill) -> bool:
    """True for what we booked of an option's end: the broker executed nothing."""
    return fill.exec_id.startswith(tuple(_NAMES.values()))


def events_of(account: AccountStatement) -> tuple[OptionEvent, ...]:
    """Read what became of options, once: from its section, else from what the broker booked."""
    told = {event.contract_key for event in account.option_events}
    booked = tuple(
        _event_of(trade, trade.event)
        for trade in account.trades
        if trade.is_counted
        and trade.event is not None
        and trade.contract is not None
        and trade.contract_key not in told
    )
    return account.option_events + booked


def check_settlements(
    account: AccountStatement,
    fills: Sequence[Fill],
    *,
    held_by_others: Mapping[ContractKey, int],
    follower_id: FollowerId | None,
) -> SettlementCheck:
    """Compare an account's settlements, their shares and their fees.

    Args:
        account: What the broker says.
        fills: Every fill of ours in the account.
        held_by_others: What else the account holds, contracts signed by contract.
        follower_id: Whose account it is.
    """
    settlements = [fill for fill in fills if is_settlement(fill)]
    ours = {fill.contract_key for fill in fills if not fill.is_combo}
    events = [event for event in events_of(account) if event.contract_key in ours]
    corrections, unbooked = _fees(account, settlements, ours)
    words = [
        *unbooked,
        *_contracts(events, settlements, held_by_others),
        *_shares(events, settlements, held_by_others),
    ]
    return SettlementCheck(
        fee_corrections=tuple(corrections),
        mismatches=tuple(
            Mismatch(
                kind=MismatchKind.OPTION_EVENT,
                account_id=account.account_id,
                follower_id=follower_id,
                contract_key=key,
                words=said,
            )
            for key, said in words
        ),
    )


def _event_of(trade: StatementTrade, kind: OptionEventKind) -> OptionEvent:
    return OptionEvent(
        account_id=trade.account_id,
        session_date=trade.session_date,
        kind=kind,
        contract_key=trade.contract_key,
        contract=trade.contract,
        quantity=trade.signed_quantity,
    )


def _contracts(
    events: Sequence[OptionEvent],
    settlements: Sequence[Fill],
    held_by_others: Mapping[ContractKey, int],
) -> Iterator[tuple[ContractKey, str]]:
    """Compare the options that ended, contract by contract."""
    for key in sorted({event.contract_key for event in events}):
        told = [event for event in events if event.contract_key == key]
        booked = [fill for fill in settlements if fill.contract_key == key]
        ended = sum((event.quantity for event in told), ZERO)
        # Others' contracts ended too, or were left alone: either explains the broker's figure.
        wanted = {ended, ended + held_by_others.get(key, 0)}
        if not _is_reached(booked, wanted, since=min(event.session_date for event in told)):
            yield (
                key,
                f"the broker says {_told(told)} of {key}; our bookings of its end make "
                f"{_total(booked):+f}: look at the account's option events, and book what became "
                "of the position",
            )


def _shares(
    events: Sequence[OptionEvent],
    settlements: Sequence[Fill],
    held_by_others: Mapping[ContractKey, int],
) -> Iterator[tuple[ContractKey, str]]:
    """Compare the shares that came of them, strike by strike."""
    known = [(event, event.contract) for event in events if event.contract is not None]
    places = {(underlying_key(terms.symbol), terms.strike) for _, terms in known}
    for symbol, strike in sorted(places):
        told = [
            (event, terms)
            for event, terms in known
            if (underlying_key(terms.symbol), terms.strike) == (symbol, strike)
        ]
        if any(held_by_others.get(event.contract_key) for event, _ in told):
            continue  # whose contracts delivered is not told
        booked = [
            fill for fill in settlements if fill.contract_key == symbol and fill.price == strike
        ]
        shares = sum((_shares_of(event, terms) for event, terms in told), ZERO)
        since = min(event.session_date for event, _ in told)
        if not _is_reached(booked, {shares}, since=since):
            yield (
                symbol,
                f"the broker says {_told([event for event, _ in told])} at {strike_text(strike)}: "
                f"{shares:+f} shares of {symbol}; our bookings make {_total(booked):+f}: look at "
                "the account's option events, and book what became of the position",
            )


def _shares_of(event: OptionEvent, contract: OptionContract) -> Decimal:
    """Shares that an event delivers, signed."""
    count = abs(event.quantity)
    match event.kind:
        case OptionEventKind.ASSIGNMENT:
            return shares_of_assignment(contract, 1) * count
        case OptionEventKind.EXERCISE:
            return shares_of_exercise(contract, 1) * count
        case OptionEventKind.EXPIRATION:
            return ZERO


def _is_reached(fills: Sequence[Fill], wanted: set[Decimal], *, since: str) -> bool:
    """Tell whether our bookings from a session on pass through a wanted sum.

    What we booked for later events, already known when a statement is matched again, follows.
    """
    total = ZERO
    if total in wanted:
        return True
    for fill in sorted(fills, key=lambda one: (one.at, one.exec_id)):
        if fill.session_date >= since:
            total += fill.signed_quantity
            if total in wanted:
                return True
    return False


def _fees(
    account: AccountStatement, settlements: Sequence[Fill], ours: set[ContractKey]
) -> tuple[list[Fill], list[tuple[ContractKey, str]]]:
    """Put what the broker charged for settlements on our bookings of them; mostly nothing."""
    charged: dict[tuple[ContractKey, OptionEventKind], list[StatementTrade]] = {}
    for trade in account.trades:
        if trade.is_counted and trade.event is not None and trade.contract_key in ours:
            charged.setdefault((trade.contract_key, trade.event), []).append(trade)
    fees: dict[ExecId, Decimal] = {}
    by_id = {fill.exec_id: fill for fill in settlements}
    unbooked: list[tuple[ContractKey, str]] = []
    for (key, kind), trades in charged.items():
        fee = sum((trade.fee for trade in trades), ZERO)
        since = min(trade.session_date for trade in trades)
        booking = _booking(settlements, key, kind, since)
        if booking is not None:
            fees[booking.exec_id] = fees.get(booking.exec_id, ZERO) + fee
        elif fee:
            said = f"the broker charged {usd_text(fee)} USD for an {kind.lower()} of {key}"
            unbooked.append((key, f"{said}, and we booked none: book what became of it"))
    corrected = [
        replace(by_id[name], fee=fee)
        for name, fee in fees.items()
        if (by_id[name].fee or ZERO) != fee
    ]
    return corrected, unbooked


def _booking(
    settlements: Sequence[Fill], key: ContractKey, kind: OptionEventKind, since: str
) -> Fill | None:
    """Find the booking that bears an event's fee: of its kind if there is one."""
    candidates = [one for one in settlements if one.contract_key == key]
    return min(
        (one for one in candidates if one.session_date >= since),
        key=lambda one: (
            not one.exec_id.startswith(_NAMES[kind]),
            one.session_date,
            one.exec_id,
        ),
        default=None,
    )


def _told(events: Iterable[OptionEvent]) -> str:
    return ", ".join(f"{event.kind.lower()} {event.quantity:+f}" for event in events)


def _total(fills: Iterable[Fill]) -> int:
    return sum(fill.signed_quantity for fill in fills)
