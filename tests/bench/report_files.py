"""The monthly report's files, beside ReportLab and openpyxl without our code."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from shared.adapters.monthly_report_pdf import PdfMonthlyReport
from shared.adapters.monthly_report_xlsx import XlsxMonthlyReport
from shared.domain.brand import BrandSettings
from shared.domain.monthly_report import MonthlyReport, report_sha256
from shared.domain.months import Month
from tests.bench.report_files_bare import bare_pdf, bare_xlsx, register_faces
from tests.bench.rows import Row, compared
from tests.monthly_reports import a_monthly_report
from tests.sandbox.blueprint import ROOT

_SESSIONS, _TRADES = 22, 60
_FOLLOWERS = 12
_ROUNDS = 5
_FEW, _MANY = 20, 200
_STATUS = Path("/proc/self/status")


def rows() -> list[Row]:
    """Followers per second beside the bare libraries, and how memory grows with them."""
    month = f"{_SESSIONS} sessions and {_TRADES} trades each, PDF and Excel"
    speed = _speed(month)
    ours, bare = _memory("ours"), _memory("bare")
    return [
        speed,
        _memory_row("report files, peak RSS of a task", month, ours[2], bare[2]),
        _memory_row(f"report files, RSS after {_FEW}", month, ours[0], bare[0]),
        _memory_row(f"report files, RSS after {_MANY}", month, ours[1], bare[1]),
    ]


def _speed(month: str) -> Row:
    """Both in turns, so that what else the machine does weighs on both alike."""
    register_faces()
    reports = _reports(_FOLLOWERS)
    _ours(reports[:1])
    _bare(reports[:1])
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(_ROUNDS):
        ours.append(_per_second(_ours, reports))
        bare.append(_per_second(_bare, reports))
    return compared(
        name="report files, followers a second",
        method=f"{month}; {_ROUNDS} rounds of {_FOLLOWERS}, CPU time of one task",
        unit="followers/s",
        ours=ours,
        bare=bare,
    )


def _per_second(
    work: Callable[[Sequence[MonthlyReport]], None], reports: Sequence[MonthlyReport]
) -> float:
    started = time.process_time()
    work(reports)
    return len(reports) / (time.process_time() - started)


def _ours(reports: Sequence[MonthlyReport]) -> None:
    brand = BrandSettings()
    for report in reports:
        digest = report_sha256(report)
        for renderer in (PdfMonthlyReport(), XlsxMonthlyReport()):
            renderer.render(report, figures_sha256=digest, brand=brand, logo=None)


def _bare(reports: Sequence[MonthlyReport]) -> None:
    for report in reports:
        bare_pdf(report)
        bare_xlsx(report)


def _reports(count: int) -> list[MonthlyReport]:
    """Followers that differ in name and executions, as real ones do."""
    whole = a_monthly_report(month=Month("2026-10"), sessions=_SESSIONS)
    return [
        replace(
            whole,
            name=f"Follower {number:04}",
            trades=tuple(
                replace(trade, exec_id=f"{number:08x}{trade.exec_id[8:]}")
                for trade in whole.trades[:_TRADES]
            ),
        )
        for number in range(count)
    ]


def _memory(whose: str) -> tuple[float, float, float]:
    """RSS after few and after many followers and its peak, MiB, in a process of its own."""
    few, many, peak = json.loads(asyncio.run(_output_of_process(whose)))
    return few, many, peak


async def _output_of_process(whose: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.report_files", whose),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return output.decode()


def _memory_row(name: str, method: str, ours: float, bare: float) -> Row:
    return Row(name=name, method=method, seed=None, unit="MiB", median=ours, p95=ours, bare=bare)


def _resident(field: str) -> float:
    line = next(one for one in _STATUS.read_text().splitlines() if one.startswith(field))
    return int(line.split()[1]) / 1024


def main(arguments: Sequence[str]) -> int:
    """Render many followers one by one and print the process's memory."""
    work = _ours if arguments == ["ours"] else _bare
    register_faces()
    reached: list[float] = []
    for number, report in enumerate(_reports(_MANY), 1):
        work([report])
        if number in (_FEW, _MANY):
            reached.append(_resident("VmRSS"))
    sys.stdout.write(json.dumps([*reached, _resident("VmHWM")]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
