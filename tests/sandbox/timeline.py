"""The live timeline: market time moving, and what our processes say as it does."""

from __future__ import annotations

import json
import threading
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from shared.domain.sessions import NEW_YORK, Session
from tests.sandbox.stack import Stack

_LOOK_SECONDS = 0.1
_TOLD = frozenset(
    {
        "session_opening",
        "signal_ingestion",
        "orders_claimed",
        "margins_checked",
        "orders_released",
        "ladders_ended",
        "closings_due",
        "expiry_booked",
        "alert_routed",
        "day_rolled_up",
        "day_summary_written",
        "login_unreachable",
        "login_lost",
        "gateway_leading",
        "report_job_started",
        "push_failed",
        "push_refused",
        "gateway_stopped",
    }
)
_HIDDEN = frozenset({"severity", "event", "message", "message_id", "trace", "figures_sha256"})


class Timeline:
    """Follows the logs while market time runs.

    Args:
        console: Where it is shown.
        stack: Whose logs and market time.
        session: The session that is played.
    """

    def __init__(self, console: Console, stack: Stack, session: Session) -> None:
        self._console = console
        self._stack = stack
        self._session = session
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=40),
            TextColumn("{task.percentage:3.0f} %"),
            TimeElapsedColumn(),
            console=console,
            transient=not console.is_terminal,
        )
        self._task: TaskID | None = None
        self._read: dict[Path, int] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="timeline", daemon=True)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._progress.start()
            self._task = self._progress.add_task("before the open", total=1.0)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._tell_news()
        self._progress.stop()

    def at(self, now: datetime) -> None:
        """Take note of a new market time."""
        if self._task is None:
            return
        session = self._session
        share = (now - session.open_at) / (session.close_at - session.open_at)
        clock = now.astimezone(NEW_YORK).strftime("%H:%M:%S")
        self._progress.update(
            self._task, completed=min(1.0, max(0.0, share)), description=f"{clock} New York"
        )

    def _follow(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            self._tell_news()

    def _tell_news(self) -> None:
        for path in sorted(self._stack.logs.glob("*.log")):
            with path.open("rb") as log:
                log.seek(self._read.get(path, 0))
                whole, newline, _ = log.read().rpartition(b"\n")
                self._read[path] = self._read.get(path, 0) + len(whole + newline)
            for line in whole.decode(errors="replace").splitlines():
                self._tell(path.stem, line)

    def _tell(self, process: str, line: str) -> None:
        if not line.startswith("{"):
            return
        try:
            said = json.loads(line)
        except json.JSONDecodeError:
            return
        if said.get("event") not in _TOLD:
            return
        clock = self._stack.conductor.now().astimezone(NEW_YORK).strftime("%H:%M:%S")
        rest = "  ".join(f"{key} {value}" for key, value in said.items() if key not in _HIDDEN)
        rest = escape(rest)
        color = "red" if said.get("severity") in ("ERROR", "CRITICAL") else "cyan"
        self._console.print(f"[dim]{clock}[/] [{color}]{process:<15}[/] {said['event']}  {rest}")
