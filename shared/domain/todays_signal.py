"""Which row of the leader sheet is today's signal, and whether it still is what was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from shared.domain.leader_sheet import Column, SheetFault, SheetRow
from shared.domain.sessions import SessionTable
from shared.domain.signal_row import Accepted, Incomplete, Invalid, fault_in, judge_row
from shared.domain.signals import Signal
from shared.domain.trading_settings import TradingSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """No row of today; the newest date in the sheet (ISO text), None where it has none."""

    newest_date: str | None


Verdict: TypeAlias = Accepted | Invalid | Incomplete | Missing


def find_todays_signal(
    rows: Sequence[SheetRow],
    *,
    session_date: str,
    settings: TradingSettings,
    table: SessionTable,
) -> Verdict:
    """Find today's row and judge it.

    Rows of other dates are history, whatever stands in them. A row that holds only its date is
    not begun and does not count beside one that is. Two rows of today are a fault, whatever
    their tickers. A complete row whose date cannot be read is a fault only where it could be
    today's: at the newest end of a sheet that has no row of today.

    Args:
        rows: The sheet's rows, from the top.
        session_date: Today, ISO text.
        settings: Ticker and limits.
        table: Tells whether an expiry is a session.
    """
    todays = todays_rows(rows, session_date)
    if len(todays) > 1:
        return Invalid(faults=(_doubled(todays),))
    if todays:
        return judge_row(todays[0], session_date=session_date, settings=settings, table=table)
    unreadable = unreadable_dates(_newest_end(rows))
    if unreadable:
        return Invalid(faults=unreadable)
    return Missing(newest_date=max((row.date for row in rows if row.date), default=None))


def todays_rows(rows: Sequence[SheetRow], session_date: str) -> tuple[SheetRow, ...]:
    """Find the rows of today: those that are begun, or the first that holds only the date."""
    dated = tuple(row for row in rows if row.date == session_date)
    return tuple(row for row in dated if row.is_begun) or dated[:1]


def unreadable_dates(rows: Sequence[SheetRow]) -> tuple[SheetFault, ...]:
    """Name the dates that cannot be read in rows that are complete otherwise."""
    return tuple(
        fault_in(row.cells[Column.DATE], "which is no date: write it like 2026-11-27")
        for row in rows
        if row.date is None and not row.blank_cells()
    )


def _newest_end(rows: Sequence[SheetRow]) -> tuple[SheetRow, ...]:
    """Rows outside the readable dates, at the end where new rows are added.

    Typing mistakes among or before old rows stay history. Where the dates do not tell which end
    is the newest, both are.
    """
    dated = [(index, row.date) for index, row in enumerate(rows) if row.date]
    if not dated:
        return tuple(rows)
    (first, first_date), (last, last_date) = dated[0], dated[-1]
    above = rows[:first] if first_date >= last_date else ()
    below = rows[last + 1 :] if first_date <= last_date else ()
    return (*above, *below)


def changes_since(signal: Signal, rows: Sequence[SheetRow] | SheetFault) -> tuple[SheetFault, ...]:
    """Compare the sheet with the row a signal was read from.

    The row is found by its date, so that rows may be inserted above it.

    Returns:
        Every cell that differs, with its old and new text; a second row of today; or that the
        row is gone. Empty where nothing changed.
    """
    if isinstance(rows, SheetFault):
        return (rows,)
    todays = todays_rows(rows, signal.session_date)
    if len(todays) > 1:
        return (_doubled(todays),)
    row = todays[0] if todays else _row_in_its_place(rows, signal)
    if row is None or len(row.texts) != len(signal.row):
        gone = f"row {signal.row_number} no longer holds the signal under the same headers"
        return (SheetFault(cell=f"row {signal.row_number}", message=gone),)
    return tuple(
        SheetFault(cell=cell.name or cell.header, message=f'{cell.label} "{old}" → "{cell.text}"')
        for old, cell in zip(signal.row, row.cells.values(), strict=True)
        if old != cell.text
    )


def _row_in_its_place(rows: Sequence[SheetRow], signal: Signal) -> SheetRow | None:
    return next((row for row in rows if row.number == signal.row_number), None)


def _doubled(rows: Sequence[SheetRow]) -> SheetFault:
    cells = [row.cells[Column.DATE] for row in rows]
    labels = " and ".join(cell.label for cell in cells)
    return SheetFault(
        cell=", ".join(cell.name for cell in cells),
        message=f"{labels} hold today's date: leave one row for today.",
    )
