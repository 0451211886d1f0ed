"""`python -m jobs <verb> [options]`: runs one job to its end; `python -m jobs <verb> --help`.

Exit codes: 0 done; 1 failed, and trying again may help; 2 wrong arguments or settings.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from types import ModuleType

from shared.adapters.json_log import log_error
from shared.domain.errors import InvalidInput, SpreadPilotError

VERBS = {
    "roll-up": "roll a session or a month up again",
    "settle-sessions": "match the broker's statements, and make final what agrees",
    "reopen-session": "make a final session provisional again",
    "issue-statements": "compute a month's commissions, and issue what is final",
    "fetch-fx-rates": "take in the reference rates of the European Central Bank",
    "enter-fx-rate": "enter a reference rate by hand; a second person confirms it",
    "write-day-summary": "write a session's summary and mail the admins a link to it",
    "write-monthly-reports": "write everybody's report of a month",
    "send-monthly-mail": "mail followers a link to their monthly reports",
    "send-commission-mail": "mail followers what is payable and was not sent",
    "make-link": "make a link to a report's files",
    "revoke-links": "end every open link to a report",
    "export-payments": "write a month's payable commissions as CSV or SEPA direct debits",
    "cancel-payment-batch": "let go of a batch of direct debits that the bank will not collect",
    "mark-paid": "mark one statement as paid",
    "import-payments": "take in the bank's answer",
    "explain": "print how a follower's month came from his fills",
    "verify": "compute a month anew from fills and compare it with what is stored",
}
"""Verb to what it does; each is a module of that name, with underscores, that has `arguments`
and `run`."""

DONE, FAILED, WRONG_INPUT = 0, 1, 2


def main(arguments: Sequence[str]) -> int:
    """Run the job that the arguments name and return its exit code."""
    verb = _verb(arguments[:1])
    job = _job(verb)
    parser = argparse.ArgumentParser(prog=f"python -m jobs {verb}", description=VERBS[verb])
    job.arguments(parser)
    given = parser.parse_args(arguments[1:])
    try:
        job.run(given)
    except InvalidInput as error:
        log_error("job_refused", error, verb=verb)
        return WRONG_INPUT
    except SpreadPilotError as error:
        log_error("job_failed", error, verb=verb)
        return FAILED
    return DONE


def _verb(given: Sequence[str]) -> str:
    told = "\n".join(f"  {verb:<22} {words}" for verb, words in VERBS.items())
    parser = argparse.ArgumentParser(
        prog="python -m jobs",
        description="Runs one SpreadPilot job to its end.",
        epilog=f"verbs:\n{told}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("verb", choices=VERBS, metavar="verb", help="what to do; see below")
    return str(parser.parse_args(given).verb)


def _job(verb: str) -> ModuleType:
    # Imported only now: a job pays for the libraries it uses, not for those of the others.
    return importlib.import_module(f"jobs.{verb.replace('-', '_')}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
