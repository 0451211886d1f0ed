"""A row of the benchmark: what was measured, how, and beside what."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One measurement.

    Attributes:
        name: What was measured.
        method: How, in a few words: sizes and repeats.
        seed: Seed of the market; None where none is drawn.
        unit: Unit of median, p95 and bare.
        median: Middle of the runs.
        p95: 95th percentile; the largest where there are fewer than 20 runs.
        bare: The same work without our code, measured in the same run; None where there is none.
    """

    name: str
    method: str
    seed: int | None
    unit: str
    median: float
    p95: float
    bare: float | None = None

    @property
    def ratio(self) -> float | None:
        """Median beside the bare reference."""
        return self.median / self.bare if self.bare else None

    def as_json(self) -> dict[str, object]:
        """All fields and the ratio."""
        return asdict(self) | {"ratio": self.ratio}


def percentile_95(values: Sequence[float]) -> float:
    """The 95th percentile, or the largest of fewer than 20 values."""
    ordered = sorted(values)
    return ordered[-1] if len(ordered) < 20 else ordered[int(0.95 * len(ordered))]


def timed_ms(work: Callable[[], object], repeats: int) -> list[float]:
    """Run something again and again; milliseconds of each run, the first two left out."""
    times = []
    for _ in range(repeats + 2):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1000)
    return times[2:]


def compared(
    *, name: str, method: str, unit: str, ours: Sequence[float], bare: Sequence[float]
) -> Row:
    """A row of two series measured in one run."""
    return Row(
        name=name,
        method=method,
        seed=None,
        unit=unit,
        median=statistics.median(ours),
        p95=percentile_95(ours),
        bare=statistics.median(bare),
    )


def print_rows(rows: Sequence[Row], console: Console) -> None:
    """Show the rows as a table."""
    table = Table(title="Benchmark")
    for heading in ("name", "method", "seed", "unit", "median", "p95", "bare", "ratio"):
        is_text = heading in ("name", "method", "unit")
        table.add_column(heading, justify="left" if is_text else "right")
    for row in rows:
        table.add_row(
            row.name,
            row.method,
            "" if row.seed is None else str(row.seed),
            row.unit,
            f"{row.median:.1f}",
            f"{row.p95:.1f}",
            "" if row.bare is None else f"{row.bare:.1f}",
            "" if row.ratio is None else f"{row.ratio:.2f}",
        )
    console.print(table)
