"""What a Cloud Run job's container starts here: `python -m jobs`, which leaves its process id.

The daily summaries are the business of `make day`, and are left out.
"""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

IDS_IN = "MONTH_TASK_IDS"
"""Setting that names the folder of process ids: `{verb}~{task}~{execution}`."""
_LEFT_OUT = frozenset({"write-day-summary"})


def main(arguments: list[str]) -> None:
    """Run the job, as `python -m jobs` does; what is left out is nothing."""
    verb = arguments[0]
    if verb in _LEFT_OUT:
        return
    task, execution = os.environ["CLOUD_RUN_TASK_INDEX"], os.environ["CLOUD_RUN_EXECUTION"]
    name = f"{verb}~{task}~{execution}"
    (Path(os.environ[IDS_IN]) / name).write_text(str(os.getpid()))
    sys.argv = ["jobs", *arguments]
    runpy.run_module("jobs", run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
