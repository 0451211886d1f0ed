"""What a simulator is told: its market, its logins and its clock."""

import itertools
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Protocol

_HIGHEST_PORT = 65_535
_LEAST_NIGHT = timedelta(hours=12)

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class ConfigError(ValueError):
    """A setting is missing or wrong; the message names it and says what belongs there."""


class Clock(Protocol):
    """Market time, injected: the sandbox holds it, the command line passes wall time."""

    def now(self) -> datetime:
        """Return the present instant as an aware UTC datetime."""
        ...

    async def sleep_until(self, at: datetime) -> None:
        """Return at that instant or later; must be cancellable."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulatedAccount:
    """One brokerage account and its starting cash in USD."""

    account_id: str
    cash: Decimal


class MarketDataAccess(StrEnum):
    """What a login's market data requests are answered with, beside live quotes."""

    LIVE = "live"
    NOT_SUBSCRIBED = "not_subscribed"
    NO_API_SUBSCRIPTION = "no_api_subscription"
    COMPETING_SESSION = "competing_session"


class ExerciseProcessing(StrEnum):
    """When an exercise takes effect: at once, or with the expiries after the close."""

    AT_ONCE = "at_once"
    AFTER_CLOSE = "after_close"


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionHours:
    """Open and close of one session, aware UTC."""

    open_at: datetime
    close_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulatedLogin:
    """One Gateway login: a port (0 = any free one) and its accounts.

    With ``whatif_twice`` a what-if is answered by a preliminary openOrder with unset margins and
    a warning before the real one, as some Gateways do. With ``advisor_account`` it is an advisor's
    login: that account comes first among the managed ones and takes no orders itself. The client
    of ``master_client_id`` is told of every client's orders. ``market_data_lines`` is the most
    streams at one time.
    """

    login_id: str
    port: int
    accounts: tuple[SimulatedAccount, ...]
    whatif_twice: bool = False
    advisor_account: str = ""
    master_client_id: int | None = None
    market_data: MarketDataAccess = MarketDataAccess.LIVE
    market_data_lines: int = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class DailyRestart:
    """When the Gateways of all logins restart by themselves, in New York time.

    Every connection is cut and none is taken for ``restart_seconds`` of market time. With
    ``sunday_logout`` they log out on Sundays at 01:00 and take no connection until somebody logs
    in with a second factor (control API, ``POST /login``).
    """

    at: time
    restart_seconds: int = 60
    sunday_logout: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulatorConfig:
    """The simulated sessions. Instants are aware UTC, prices USD per share.

    ``spot`` is the underlying at the open of the model market; with recorded quotes
    (``quotes_file``) it is ignored. ``volatility`` is annual. Sessions after the first are
    ``later_sessions``. A connection may send ``messages_per_second`` (0: any number). With
    ``settlement_executions`` assignments and exercises are also told as executions. What the
    broker holds survives a restart in ``state_file``. API clients connect to ``host``; the control
    API, which has no password, listens on ``control_host`` and is best left on the loopback.
    ``faults`` are armed at the start; their layout is in ``faults``.

    Raises:
        ConfigError: An instant is naive, a session ends before it opens or follows a later one,
            a number is out of range, or a login or account appears twice.
    """

    seed: int
    ticker: str
    session_open_at: datetime
    session_close_at: datetime
    spot: Decimal
    logins: tuple[SimulatedLogin, ...]
    volatility: Decimal = Decimal("0.20")
    quotes_file: Path | None = None
    control_port: int = 0
    host: str = "127.0.0.1"
    control_host: str = "127.0.0.1"
    later_sessions: tuple[SessionHours, ...] = ()
    exercise: ExerciseProcessing = ExerciseProcessing.AT_ONCE
    settlement_executions: bool = False
    messages_per_second: int = 50
    state_file: Path | None = None
    daily_restart: DailyRestart | None = None
    faults: tuple[Json, ...] = ()

    def __post_init__(self) -> None:
        for name in ("session_open_at", "session_close_at"):
            if getattr(self, name).tzinfo is None:
                raise ConfigError(f"{name} has no time zone; write it as 2026-11-23T14:30:00Z")
        _check_sessions(self.sessions)
        for name in ("spot", "volatility"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"{name} must be above 0")
        if self.messages_per_second < 0:
            raise ConfigError("messages_per_second must be 0 (no limit) or more; IBKR allows 50")
        _unique("login_id", [login.login_id for login in self.logins])
        _unique("account_id", [name for login in self.logins for name in _accounts(login)])
        for login in self.logins:
            _check_login(login)

    @property
    def sessions(self) -> tuple[SessionHours, ...]:
        """Return every session, the first one's hours first."""
        first = SessionHours(open_at=self.session_open_at, close_at=self.session_close_at)
        return (first, *self.later_sessions)


def _check_sessions(sessions: tuple[SessionHours, ...]) -> None:
    for hours in sessions:
        if hours.open_at >= hours.close_at:
            raise ConfigError("session_close_at must be after session_open_at")
    for earlier, later in itertools.pairwise(sessions):
        if later.open_at - earlier.close_at < _LEAST_NIGHT:
            raise ConfigError(
                f"the session of {later.open_at.isoformat()} must open at least 12 hours after "
                "the one before it closes; order the sessions by date"
            )


def _check_login(login: SimulatedLogin) -> None:
    name = login.login_id
    if not login.accounts:
        raise ConfigError(f"login {name!r} needs at least one account")
    if not 0 <= login.port <= _HIGHEST_PORT:
        raise ConfigError(f"port of login {name!r} must be from 0 (any free one) to 65535")
    if login.market_data_lines < 0:
        raise ConfigError(f"market_data_lines of login {name!r} must be 0 or more; IBKR gives 100")


def _accounts(login: SimulatedLogin) -> list[str]:
    own = [login.advisor_account] if login.advisor_account else []
    return [*own, *(account.account_id for account in login.accounts)]


def _unique(name: str, values: list[str]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise ConfigError(f"{name} {value!r} appears twice")
