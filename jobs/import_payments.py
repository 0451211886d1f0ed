"""import-payments: takes in the bank's status report, or a CSV of what was credited."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from jobs.payment_words import say
from shared.adapters.json_log import log_event
from shared.bootstrap import Services
from shared.domain.errors import InvalidInput
from shared.use_cases.import_payments import ImportPorts, Outcome, import_payments


def arguments(parser: argparse.ArgumentParser) -> None:
    """Name the file."""
    parser.add_argument("--file", required=True, help="pain.002 (XML) or CSV, as the bank gave it")


def run(given: argparse.Namespace) -> None:
    """Import a file; says on standard error what every line came to.

    Raises:
        SpreadPilotError: It was not imported, or not wholly; doing it again is safe.
        InvalidInput: The file cannot be read; or all of it was, and some lines are refused.
    """
    answered = import_payments(ImportPorts.of(Services()), _content(given.file))
    for line in answered:
        words = f": {line.words}" if line.words else ""
        say(f"{line.where}: {line.reference or 'unknown reference'}: {line.outcome}{words}")
    counted = Counter(line.outcome for line in answered)
    log_event(
        "payments_imported",
        lines=len(answered),
        marked=counted[Outcome.MARKED],
        already_marked=counted[Outcome.ALREADY],
        rejected_by_bank=counted[Outcome.REJECTED],
        pending=counted[Outcome.PENDING],
        refused=counted[Outcome.REFUSED],
    )
    if counted[Outcome.REFUSED]:
        raise InvalidInput("--file", f"{counted[Outcome.REFUSED]} of {len(answered)} lines refused")


def _content(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise InvalidInput("--file", f"cannot be read: {error.strerror}") from error
