"""What people are told about the leader sheet: the cell, what is wrong and what happens now.

An alert's subject is the cell, so that a fault which is seen every minute is told once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain.alerts import Alert, AlertType
from shared.domain.leader_sheet import SheetFault
from shared.domain.sessions import NEW_YORK, at_new_york
from shared.domain.signal_row import Accepted, Incomplete
from shared.domain.signals import Signal
from shared.domain.todays_signal import Missing

_SHEET = "leader sheet"


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetAlerts:
    """Alerts about one session's reading of the sheet.

    Attributes:
        session_date: ISO text.
        at: Market time (UTC) they are raised at.
        poll_until: New York time until which a row is accepted.
        entry_cutoff: New York time until which an operator may still ingest one.
    """

    session_date: str
    at: datetime
    poll_until: str
    entry_cutoff: str

    def invalid(self, faults: Sequence[SheetFault]) -> Alert:
        """The sheet says something that cannot be traded."""
        found = " ".join(fault.message for fault in faults)
        return self._alert(
            AlertType.SIGNAL_INVALID,
            _cells(faults),
            f"{found} Nothing is planned. {self._what_next}",
        )

    def missing(self, verdict: Missing | Incomplete | Accepted) -> Alert:
        """No complete row of today stood in the sheet in time."""
        return self._alert(
            AlertType.SIGNAL_MISSING,
            _SHEET,
            f"{self._why_missing(verdict)} Nothing is planned. {self._what_next}",
        )

    def changed(self, signal: Signal, changes: Sequence[SheetFault]) -> Alert:
        """The row of an accepted signal is not what it was."""
        found = "; ".join(change.message for change in changes)
        read_at = signal.read_at.astimezone(NEW_YORK)
        return self._alert(
            AlertType.SIGNAL_CHANGED,
            _cells(changes),
            f"The row of {signal.signal_id} changed after it was read at {read_at:%H:%M:%S}: "
            f"{found}. Nothing of it is released any more; "
            "ask the leader which is meant, then an operator decides.",
            traceparent=signal.traceparent,
        )

    def unreadable(self, words: str, signal: Signal | None) -> Alert:
        """The sheet could not be read at all; `signal` is what was read of it before, if any."""
        unknown = (
            f"{signal.signal_id} cannot be verified and is not released before it is"
            if signal
            else f"Whether there is a signal for {self.session_date} is unknown"
        )
        return self._alert(
            AlertType.SHEET_UNREADABLE,
            _SHEET,
            f"{words}. {unknown}. {self._what_next}",
            traceparent=signal.traceparent if signal else "",
        )

    @property
    def _what_next(self) -> str:
        if self.at < at_new_york(self.session_date, self.poll_until):
            return f"The sheet is read again every minute until {self.poll_until} New York."
        return f"An operator can still ingest a signal until {self.entry_cutoff} New York."

    def _why_missing(self, verdict: Missing | Incomplete | Accepted) -> str:
        missed = f"The leader sheet had no signal for {self.session_date} by {self.poll_until}:"
        match verdict:
            case Missing(newest_date=None):
                return f"{missed} it has no dated row at all."
            case Missing(newest_date=newest_date):
                return f"{missed} its newest date is {newest_date}."
            case Incomplete(blank=blank):
                cells = ", ".join(cell.label for cell in blank)
                return f"{missed} its newest date is today's, but {cells} is still blank."
            case Accepted(row=row):
                return f"{missed} row {row.number} was completed only after that."

    def _alert(
        self, alert_type: AlertType, subject: str, message: str, *, traceparent: str = ""
    ) -> Alert:
        return Alert(
            alert_type=alert_type,
            subject=subject,
            message=message,
            session_date=self.session_date,
            raised_at=self.at,
            traceparent=traceparent,
        )


def _cells(faults: Sequence[SheetFault]) -> str:
    return ", ".join(fault.cell for fault in faults)
