"""The benchmark: `python -m tests.bench [--only NAME] [--json FILE]`. It asserts nothing."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from tests.bench import advisor, days, fan_out, logins, marks, releases, report_files, shards
from tests.bench.rows import Row, print_rows

MEASURED: dict[str, Callable[[], list[Row]]] = {
    "marks": marks.rows,
    "release": releases.rows,
    "logins": logins.rows,
    "fan-out": fan_out.rows,
    "advisor": advisor.rows,
    "shards": shards.rows,
    "report-files": report_files.rows,
    "day-3": lambda: days.rows_of(3),
    "day-300": lambda: days.rows_of(300),
}

_WIDTH = 180


def main(arguments: Sequence[str]) -> int:
    """Measure all, or one by name."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--only", choices=sorted(MEASURED), help="measure this alone")
    parser.add_argument("--json", type=Path, help="where the rows go as JSON")
    given = parser.parse_args(arguments)
    # A file or a pipe has no width of its own, and the table should be read as one.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    rows: list[Row] = []
    for name in [given.only] if given.only else MEASURED:
        console.print(f"measuring {name} ...")
        rows += MEASURED[name]()
    print_rows(rows, console)
    if given.json is not None:
        given.json.write_text(json.dumps([row.as_json() for row in rows], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
