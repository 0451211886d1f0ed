"""One row of the leader sheet, judged: a signal, a list of faults, or not finished yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.domain.cell_text import parse_date, parse_number
from shared.domain.errors import InvalidInput
from shared.domain.leader_sheet import Cell, Column, SheetFault, SheetRow
from shared.domain.money import CENT
from shared.domain.options import strike_text
from shared.domain.sessions import SessionTable
from shared.domain.signals import Signal, hash_row, signal_id_of, traceparent_of
from shared.domain.spreads import Strategy, strikes_are_in_order
from shared.domain.trading_settings import TradingSettings

_ABSURD_STRIKE = Decimal(1_000_000)


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """A complete and lawful row of today.

    Attributes:
        row: The row.
        session_date: Today, ISO text.
        ticker: Underlying.
        strategy: Long or Short.
        qty_per_leg: The leader's quantity.
        long_strike: Bought strike, USD per share.
        short_strike: Sold strike, USD per share.
        expiry: Session date, ISO text.
    """

    row: SheetRow
    session_date: str
    ticker: str
    strategy: Strategy
    qty_per_leg: int
    long_strike: Decimal
    short_strike: Decimal
    expiry: str

    def signal(self, *, number: int, read_at: datetime) -> Signal:
        """Make it the session's n-th signal, read at a market time (UTC)."""
        signal_id = signal_id_of(self.session_date, self.ticker, number)
        return Signal(
            signal_id=signal_id,
            session_date=self.session_date,
            ticker=self.ticker,
            strategy=self.strategy,
            qty_per_leg=self.qty_per_leg,
            long_strike=self.long_strike,
            short_strike=self.short_strike,
            expiry=self.expiry,
            row_number=self.row.number,
            row=self.row.texts,
            row_hash=hash_row(self.row.texts),
            read_at=read_at,
            traceparent=traceparent_of(signal_id),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Invalid:
    """Today's row cannot be traded: all of its faults, in the order of its columns."""

    faults: tuple[SheetFault, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Incomplete:
    """Today's row is still being written: the cells that are blank."""

    blank: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Strikes:
    bought: Decimal
    sold: Decimal


def judge_row(
    row: SheetRow, *, session_date: str, settings: TradingSettings, table: SessionTable
) -> Accepted | Invalid | Incomplete:
    """Judge today's row: nothing while a required cell is blank, then every fault at once."""
    blank = row.blank_cells()
    if blank:
        return Incomplete(blank=blank)
    ticker = _ticker(row, settings)
    strategy = _strategy(row)
    quantity = _quantity(row, settings)
    strikes = _strikes(row, strategy, settings)
    expiry = _expiry(row, session_date, table)
    if (
        isinstance(ticker, Invalid)
        or isinstance(strategy, Invalid)
        or isinstance(quantity, Invalid)
        or isinstance(strikes, Invalid)
        or isinstance(expiry, Invalid)
    ):
        return _all_faults(ticker, strategy, quantity, strikes, expiry)
    return Accepted(
        row=row,
        session_date=session_date,
        ticker=ticker,
        strategy=strategy,
        qty_per_leg=quantity,
        long_strike=strikes.bought,
        short_strike=strikes.sold,
        expiry=expiry,
    )


def _all_faults(*judged: object) -> Invalid:
    faulty = (one for one in judged if isinstance(one, Invalid))
    return Invalid(faults=tuple(fault for one in faulty for fault in one.faults))


def _ticker(row: SheetRow, settings: TradingSettings) -> str | Invalid:
    cell = row.cells[Column.TICKER]
    if cell.text == settings.ticker:
        return cell.text
    return _invalid(cell, f"but only {settings.ticker} is traded")


def _strategy(row: SheetRow) -> Strategy | Invalid:
    cell = row.cells[Column.STRATEGY]
    if cell.text in set(Strategy):
        return Strategy(cell.text)
    return _invalid(cell, f"which is no strategy: write {' or '.join(Strategy)}")


def _quantity(row: SheetRow, settings: TradingSettings) -> int | Invalid:
    cell = row.cells[Column.QUANTITY]
    number = parse_number(cell.text, row.layout.locale)
    whole = number is not None and number == number.to_integral_value()
    if number is not None and whole and 1 <= number <= settings.max_qty_per_leg:
        return int(number)
    return _invalid(cell, f"not a whole number from 1 to {settings.max_qty_per_leg}")


def _expiry(row: SheetRow, session_date: str, table: SessionTable) -> str | Invalid:
    cell = row.cells[Column.EXPIRY]
    if cell.is_blank:
        return session_date
    expiry = parse_date(cell.text, row.layout.locale)
    if expiry is None:
        return _invalid(cell, "which is no date: write it like 2026-11-27, or leave it blank")
    if expiry < session_date:
        return _invalid(cell, f"which is before today, {session_date}")
    if not _is_session(expiry, table):
        return _invalid(cell, "which is no trading date")
    return expiry


def _is_session(date_text: str, table: SessionTable) -> bool:
    try:
        return table.is_session(date_text)
    except InvalidInput:
        return False


def _strikes(
    row: SheetRow, strategy: Strategy | Invalid, settings: TradingSettings
) -> _Strikes | Invalid:
    if isinstance(strategy, Invalid):
        filled = [row.cells[column] for column in row.layout.strike_columns]
        read = [_strike(cell, row) for cell in filled if not cell.is_blank]
        return _all_faults(*read)
    bought_cell, sold_cell = (row.cells[column] for column in row.layout.strikes[strategy])
    bought, sold = _strike(bought_cell, row), _strike(sold_cell, row)
    other = _other_strikes(row, strategy)
    if isinstance(bought, Invalid) or isinstance(sold, Invalid):
        return _all_faults(bought, sold, other)
    strikes = _Strikes(bought=bought, sold=sold)
    place = (bought_cell, sold_cell)
    judged = _all_faults(
        _order(place, strikes, strategy), _width(place, strikes, settings.max_width), other
    )
    return judged if judged.faults else strikes


def _strike(cell: Cell, row: SheetRow) -> Decimal | Invalid:
    number = parse_number(cell.text, row.layout.locale)
    # The upper bound comes first: a number of 30 digits cannot be quantized.
    if number and 0 < number < _ABSURD_STRIKE and number == number.quantize(CENT):
        return number
    return _invalid(cell, "not a positive price of at most two decimals")


def _other_strikes(row: SheetRow, strategy: Strategy) -> Invalid:
    """Refuse strikes under the other strategy's headers: the row would say two things."""
    ours = row.layout.strikes[strategy]
    others = [row.cells[column] for column in row.layout.strike_columns if column not in ours]
    return Invalid(
        faults=tuple(
            fault_in(cell, f"but the strategy is {strategy}: put a dash there")
            for cell in others
            if not cell.is_blank
        )
    )


def _order(place: tuple[Cell, Cell], strikes: _Strikes, strategy: Strategy) -> Invalid | None:
    if strikes_are_in_order(strategy, strikes.bought, strikes.sold):
        return None
    wanted = "below" if strategy is Strategy.LONG else "above"
    return _invalid_pair(
        place, strikes, f"for {strategy} the bought strike must be {wanted} the sold one"
    )


def _width(place: tuple[Cell, Cell], strikes: _Strikes, max_width: Decimal) -> Invalid | None:
    width = abs(strikes.sold - strikes.bought)
    if width <= max_width:
        return None
    return _invalid_pair(
        place,
        strikes,
        f"they are {strike_text(width)} apart, more than the {strike_text(max_width)} allowed",
    )


def fault_in(cell: Cell, why: str) -> SheetFault:
    """Say what a cell holds and why it will not do."""
    return SheetFault(cell=cell.name, message=f'{cell.label} holds "{cell.text}", {why}.')


def _invalid(cell: Cell, why: str) -> Invalid:
    return Invalid(faults=(fault_in(cell, why),))


def _invalid_pair(place: tuple[Cell, Cell], strikes: _Strikes, why: str) -> Invalid:
    bought, sold = place
    held = (
        f"{bought.label} holds {strike_text(strikes.bought)} and "
        f"{sold.label} holds {strike_text(strikes.sold)}"
    )
    fault = SheetFault(cell=f"{bought.name}, {sold.name}", message=f"{held}: {why}.")
    return Invalid(faults=(fault,))
