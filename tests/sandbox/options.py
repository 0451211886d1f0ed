"""What the sandbox's day is asked for on the command line."""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.adapters.session_table import session_table
from shared.domain.errors import InvalidInput
from shared.domain.sessions import Session
from shared.domain.spreads import Strategy
from tests.sandbox.drills import DRILLS, Drill, list_of_drills

DEFAULT_SESSION_DATE = "2026-11-23"
MOST_FOLLOWERS = 3000
_FOLLOWERS, _FOLLOWERS_OF_A_DRILL = 3, 4
_TICKER = re.compile(r"[A-Z]{1,6}")


@dataclass(frozen=True, kw_only=True, slots=True)
class DayOptions:
    """One day to run.

    Attributes:
        followers: How many followers.
        seed: Decides the market and every partial fill.
        session: The session that is played.
        ticker: The ticker setting.
        strategy: Strategy of the signal where no file gives one.
        signal_file: Sheet content as CSV; None writes a row of our own.
        quotes_file: Recorded quotes; None models a market.
        json_file: Where the summary goes; None writes none.
        pace_seconds: Least machine seconds per market minute.
        stay: Leave the sandbox up after the day, until Ctrl-C.
        drill: What goes wrong; None on an ordinary day.
    """

    followers: int
    seed: int
    session: Session
    ticker: str
    strategy: Strategy
    signal_file: Path | None
    quotes_file: Path | None
    json_file: Path | None
    pace_seconds: float
    stay: bool
    drill: Drill | None = None

    @property
    def gateway_environment(self) -> Mapping[str, str]:
        """Settings that a drill gives the gateway otherwise."""
        return self.drill.gateway_environment if self.drill else {}


def read_options(arguments: Sequence[str]) -> DayOptions:
    """Parse the command line; a wrong option ends the program with one clear line (exit 2)."""
    parser = _parser()
    given = parser.parse_args(arguments)
    _check_files(parser, given)
    if given.followers is None:
        given.followers = _FOLLOWERS if given.fault is None else _FOLLOWERS_OF_A_DRILL
    if not 1 <= given.followers <= MOST_FOLLOWERS:
        parser.error(f"--followers: between 1 and {MOST_FOLLOWERS}, not {given.followers}")
    if not 0 <= given.pace < math.inf:
        parser.error(f"--pace: seconds, 0 or more, not {given.pace}")
    if _TICKER.fullmatch(given.ticker) is None:
        parser.error(f"--ticker: capital letters such as QQQ, not {given.ticker!r}")
    try:
        session = session_table().session_on(given.session_date)
    except InvalidInput as error:
        parser.error(f"--session-date: {error}")
    if session is None:
        parser.error(f"--session-date: {given.session_date} is no session of the exchange")
    return DayOptions(
        followers=given.followers,
        seed=given.seed,
        session=session,
        ticker=given.ticker,
        strategy=Strategy(given.strategy),
        signal_file=given.signal,
        quotes_file=given.quotes,
        json_file=given.json,
        pace_seconds=given.pace,
        stay=given.stay,
        drill=_drill(parser, given),
    )


def _drill(parser: argparse.ArgumentParser, given: argparse.Namespace) -> Drill | None:
    if given.list_faults:
        sys.stdout.write(list_of_drills())
        parser.exit()
    if given.fault is not None and given.fault not in DRILLS:
        parser.error(f"--fault: there is no fault {given.fault!r}; --list-faults names them all")
    return None if given.fault is None else DRILLS[given.fault]


def _check_files(parser: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    for name in ("signal", "quotes"):
        path = getattr(given, name)
        if path is None:
            continue
        if not path.is_file():
            parser.error(f"--{name}: there is no file {path}")
        try:
            path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            parser.error(f"--{name}: {path} cannot be read as UTF-8 text: {error}")
    if given.json is not None and (given.json.is_dir() or not given.json.parent.is_dir()):
        parser.error(f"--json: {given.json} is no file in a folder that is there")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make day", description="Runs a whole trading day on this machine."
    )
    parser.add_argument("--followers", type=int, help="how many followers (3; with a fault 4)")
    parser.add_argument("--seed", type=int, default=7, help="decides market and fills (7)")
    parser.add_argument(
        "--session-date", default=DEFAULT_SESSION_DATE, help=f"({DEFAULT_SESSION_DATE})"
    )
    parser.add_argument("--ticker", default="QQQ", help="the ticker setting (QQQ)")
    parser.add_argument("--strategy", choices=[s.value for s in Strategy], default="Long")
    parser.add_argument("--signal", type=Path, help="CSV of the sheet: header and rows")
    parser.add_argument("--quotes", type=Path, help="CSV of recorded quotes to replay")
    parser.add_argument("--json", type=Path, help="where the summary is written")
    parser.add_argument("--pace", type=float, default=0.0, help="least seconds per market minute")
    parser.add_argument("--fault", metavar="NAME", help="what goes wrong on this day")
    parser.add_argument("--list-faults", action="store_true", help="name every fault, and end")
    parser.add_argument("--stay", action="store_true", help="stay up until Ctrl-C")
    return parser
