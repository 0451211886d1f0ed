"""What a month is asked for on the command line."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.adapters.session_table import session_table
from shared.domain.errors import InvalidInput
from tests.sandbox.month.faults import FAULTS, Fault, list_of_faults

DEFAULT_MONTH = "2026-10"
LEAST_FOLLOWERS, MOST_FOLLOWERS = 6, 300
LEAST_SESSIONS = 3
_SESSIONS_OF_A_FAULT = 3
_MONTH = re.compile(r"\d{4}-\d{2}")


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthOptions:
    """One month to run.

    Attributes:
        month: Which.
        followers: How many followers.
        seed: Decides the trading.
        sessions: Only so many of its last sessions are played; 0 for all.
        json_file: Where the summary goes; None writes none.
        stay: Leave the sandbox up afterwards, until Ctrl-C.
        fault: What goes wrong; None in an ordinary month.
    """

    month: str
    followers: int
    seed: int
    sessions: int
    json_file: Path | None
    stay: bool
    fault: Fault | None = None


def read_options(arguments: Sequence[str]) -> MonthOptions:
    """Parse the command line; a wrong option ends the program with one clear line (exit 2)."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.list_faults:
        sys.stdout.write(list_of_faults())
        parser.exit()
    if given.fault is not None and given.fault not in FAULTS:
        parser.error(f"--fault: there is no fault {given.fault!r}; --list-faults names them all")
    if not LEAST_FOLLOWERS <= given.followers <= MOST_FOLLOWERS:
        parser.error(f"--followers: between {LEAST_FOLLOWERS} and {MOST_FOLLOWERS}")
    fault = None if given.fault is None else FAULTS[given.fault]
    sessions = given.sessions
    if sessions is None:
        sessions = 0 if fault is None else _SESSIONS_OF_A_FAULT
    if sessions and not LEAST_SESSIONS <= sessions <= _sessions_of(parser, given.month):
        parser.error(f"--sessions: at least {LEAST_SESSIONS}, and no more than the month has")
    return MonthOptions(
        month=given.month,
        followers=given.followers,
        seed=given.seed,
        sessions=sessions,
        json_file=given.json,
        stay=given.stay,
        fault=fault,
    )


def _sessions_of(parser: argparse.ArgumentParser, month: str) -> int:
    if _MONTH.fullmatch(month) is None:
        parser.error(f"--month: YYYY-MM, not {month!r}")
    try:
        return len(session_table().sessions_in_month(month))
    except InvalidInput as error:
        parser.error(f"--month: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make month", description="Settles, bills and reports a whole month on this machine."
    )
    parser.add_argument("--followers", type=int, default=6, help="how many followers (6)")
    parser.add_argument("--month", default=DEFAULT_MONTH, help=f"({DEFAULT_MONTH})")
    parser.add_argument("--seed", type=int, default=7, help="decides the trading (7)")
    parser.add_argument(
        "--sessions", type=int, help="play only so many of its last sessions (all; with a fault 3)"
    )
    parser.add_argument("--json", type=Path, help="where the summary is written")
    parser.add_argument("--fault", metavar="NAME", help="what goes wrong in this month")
    parser.add_argument("--list-faults", action="store_true", help="name every fault, and end")
    parser.add_argument("--stay", action="store_true", help="stay up until Ctrl-C")
    return parser
