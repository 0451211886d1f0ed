"""`python -m jobs <verb> [--date YYYY-MM-DD]`: runs one job to its end.

Exit codes: 0 done; 1 failed, and trying again may help; 2 wrong arguments or settings.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence

from shared.adapters.json_log import log_error
from shared.domain.errors import InvalidInput, SpreadPilotError
from shared.domain.sessions import as_session_date

VERBS = ("roll-up-day", "write-day-summary")
"""Each is a function of that name, with underscores, in the module of that name."""

DONE, FAILED, WRONG_INPUT = 0, 1, 2


def main(arguments: Sequence[str]) -> int:
    """Run the job that the arguments name and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m jobs", description="Runs one SpreadPilot job to its end."
    )
    parser.add_argument("verb", choices=VERBS, help="what to do")
    parser.add_argument("--date", help="session date, YYYY-MM-DD; today's in New York by default")
    given = parser.parse_args(arguments)
    try:
        session_date = None if given.date is None else as_session_date(given.date, field="--date")
        _job(given.verb)(session_date)
    except InvalidInput as error:
        log_error("job_refused", error, verb=given.verb)
        return WRONG_INPUT
    except SpreadPilotError as error:
        log_error("job_failed", error, verb=given.verb)
        return FAILED
    return DONE


def _job(verb: str) -> Callable[[str | None], None]:
    # Imported only now: a job pays for the libraries it uses, not for those of the others.
    name = verb.replace("-", "_")
    run: Callable[[str | None], None] = getattr(importlib.import_module(f"jobs.{name}"), name)
    return run


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
