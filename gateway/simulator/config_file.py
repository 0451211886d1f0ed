"""Reading the simulator's configuration file: JSON whose keys are the fields of the settings."""

import json
from pathlib import Path

from gateway.simulator.config import (
    ConfigError,
    DailyRestart,
    ExerciseProcessing,
    Json,
    MarketDataAccess,
    SessionHours,
    SimulatedAccount,
    SimulatedLogin,
    SimulatorConfig,
)
from gateway.simulator.session_table import sessions_between
from gateway.simulator.settings_section import Section


def read_config(path: Path) -> SimulatorConfig:
    """Read a JSON file whose keys are the fields of SimulatorConfig.

    Money is written as text ("100000.00"), instants as ISO 8601 text with a zone, times of day
    as New York "HH:MM". The sessions are ``session_open_at`` and ``session_close_at`` (one), or
    ``sessions`` (a list of ``open_at`` and ``close_at``), or ``session_table`` (see there) with
    ``first_session`` and ``last_session`` (dates). Relative paths start from the folder of the
    configuration.

    Raises:
        ConfigError: The file is not JSON, or a key is missing, unknown or of the wrong kind.
        OSError: The file cannot be read.
    """
    try:
        document: Json = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path} is not JSON: {error}") from error
    return _config(Section(document, ""), path.parent)


def _config(section: Section, folder: Path) -> SimulatorConfig:
    quotes, state = section.text("quotes_file", ""), section.text("state_file", "")
    first, *later = _sessions(section, folder)
    config = SimulatorConfig(
        seed=section.whole("seed"),
        ticker=section.text("ticker"),
        session_open_at=first.open_at,
        session_close_at=first.close_at,
        later_sessions=tuple(later),
        spot=section.money("spot", "1" if quotes else None),
        volatility=section.money("volatility", "0.20"),
        logins=tuple(_login(one) for one in section.sections("logins")),
        quotes_file=folder / quotes if quotes else None,
        state_file=folder / state if state else None,
        control_port=section.whole("control_port", 0),
        host=section.text("host", "127.0.0.1"),
        control_host=section.text("control_host", "127.0.0.1"),
        exercise=section.choice("exercise", ExerciseProcessing.AT_ONCE),
        settlement_executions=section.flag("settlement_executions"),
        messages_per_second=section.whole("messages_per_second", 50),
        daily_restart=_daily_restart(section),
        faults=tuple(section.documents("faults")),
    )
    section.done()
    return config


def _sessions(section: Section, folder: Path) -> tuple[SessionHours, ...]:
    if section.has("session_table"):
        return sessions_between(
            folder / section.text("session_table"),
            section.day("first_session"),
            section.day("last_session"),
        )
    if not section.has("sessions"):
        opens, closes = section.instant("session_open_at"), section.instant("session_close_at")
        return (SessionHours(open_at=opens, close_at=closes),)
    sessions = tuple(_hours(one) for one in section.sections("sessions"))
    if not sessions:
        raise ConfigError("sessions must name at least one session")
    return sessions


def _hours(section: Section) -> SessionHours:
    hours = SessionHours(open_at=section.instant("open_at"), close_at=section.instant("close_at"))
    section.done()
    return hours


def _daily_restart(section: Section) -> DailyRestart | None:
    if not section.has("daily_restart"):
        return None
    restart = section.section("daily_restart")
    daily = DailyRestart(
        at=restart.time_of_day("at", "23:45"),
        restart_seconds=restart.whole("restart_seconds", 60),
        sunday_logout=restart.flag("sunday_logout"),
    )
    restart.done()
    return daily


def _login(section: Section) -> SimulatedLogin:
    login = SimulatedLogin(
        login_id=section.text("login_id"),
        port=section.whole("port", 0),
        accounts=tuple(_account(one) for one in section.sections("accounts")),
        whatif_twice=section.flag("whatif_twice"),
        advisor_account=section.text("advisor_account", ""),
        master_client_id=(
            section.whole("master_client_id") if section.has("master_client_id") else None
        ),
        market_data=section.choice("market_data", MarketDataAccess.LIVE),
        market_data_lines=section.whole("market_data_lines", 100),
    )
    section.done()
    return login


def _account(section: Section) -> SimulatedAccount:
    account = SimulatedAccount(account_id=section.text("account_id"), cash=section.money("cash"))
    section.done()
    return account
