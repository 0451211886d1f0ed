"""Explain how a follower's month came from his fills."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from shared.domain.errors import NotFound
from shared.domain.explanation import MonthEvidence, explain_month
from shared.domain.fills import Fill
from shared.domain.followers import FollowerId
from shared.domain.months import Month
from shared.domain.sessions import SessionTable
from shared.ports.daily_pnl import DailyPnlBook
from shared.ports.fills import FillReader
from shared.ports.monthly_pnl import MonthlyPnlBook
from shared.ports.positions import PositionReader
from shared.ports.statements import Adjustments, Statements
from shared.use_cases.read_earlier_days import read_earlier_days


class _ExplainSource(Protocol):
    """Whatever carries the adapters that explaining needs, under these names."""

    @property
    def session_table(self) -> SessionTable: ...

    @property
    def fills(self) -> FillReader: ...

    @property
    def positions(self) -> PositionReader: ...

    @property
    def daily_pnl(self) -> DailyPnlBook: ...

    @property
    def monthly_pnl(self) -> MonthlyPnlBook: ...

    @property
    def statements(self) -> Statements: ...

    @property
    def adjustments(self) -> Adjustments: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ExplainPorts:
    """What explaining reads; it writes nothing."""

    table: SessionTable
    fills: FillReader
    positions: PositionReader
    daily_pnl: DailyPnlBook
    monthly_pnl: MonthlyPnlBook
    statements: Statements
    adjustments: Adjustments

    @classmethod
    def of(cls, source: _ExplainSource) -> ExplainPorts:
        """Take the ports from whatever carries them."""
        return cls(
            table=source.session_table,
            fills=source.fills,
            positions=source.positions,
            daily_pnl=source.daily_pnl,
            monthly_pnl=source.monthly_pnl,
            statements=source.statements,
            adjustments=source.adjustments,
        )


def explain(ports: ExplainPorts, *, month: Month, follower_id: FollowerId) -> list[str]:
    """Write how each figure of a follower's month came about, in plain text lines.

    Raises:
        NotFound: Nothing is on record of him in that month.
        InvalidInput: The month is outside the session table.
        AdapterError: Something could not be read.
    """
    dates = [one.session_date for one in ports.table.sessions_in_month(month)]
    fills = ports.fills.of_follower(follower_id, dates)
    days = ports.daily_pnl.of_follower(follower_id, dates)
    months = {one.month: one for one in ports.monthly_pnl.of_follower(follower_id)}
    statement = ports.statements.get(month, follower_id)
    if not fills and not days and statement is None:
        raise NotFound("books", f"nothing of {follower_id} is on record in {month}")
    return explain_month(
        MonthEvidence(
            month=month,
            follower_id=follower_id,
            carried=_carried(ports, dates[0], follower_id, fills),
            fills=fills,
            days=days,
            pnl=months.get(month),
            statement=statement,
            adjustments=tuple(
                one for one in ports.adjustments.of_follower(follower_id) if one.month == month
            ),
        )
    )


def _carried(
    ports: ExplainPorts, first: str, follower_id: FollowerId, fills: tuple[Fill, ...]
) -> tuple[Fill, ...]:
    of_first = [fill for fill in fills if fill.session_date == first]
    earlier = read_earlier_days(ports, first, of_first).get(follower_id)
    return earlier.fills if earlier else ()
