"""The configuration file: what it may hold, and how a wrong setting is named."""

import json
from datetime import time
from pathlib import Path

import pytest

from gateway.simulator import (
    ConfigError,
    DailyRestart,
    ExerciseProcessing,
    MarketDataAccess,
    SimulatorConfig,
    read_config,
)
from gateway.simulator.config import Json
from tests.gateway.simulator.config_documents import ACCOUNTS, DOCUMENT
from tests.gateway.simulator.conftest import OPEN_AT, a_config, a_login


def test_a_configuration_file_is_read_exactly(tmp_path: Path) -> None:
    path = tmp_path / "simulator.json"
    path.write_text(json.dumps(DOCUMENT), encoding="utf-8")
    config = read_config(path)
    assert config == SimulatorConfig(
        seed=7,
        ticker="QQQ",
        session_open_at=config.session_open_at,
        session_close_at=config.session_close_at,
        spot=a_config().spot,
        logins=(a_login("a"),),
    )
    assert config.session_open_at == OPEN_AT


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seed": None}, "seed is missing"),
        ({"seed": "7"}, "seed must be a whole number"),
        ({"spot": 600.0}, "spot must be text"),
        ({"spot": "a lot"}, "spot must be a decimal as text"),
        ({"spot": "0"}, "spot must be above 0"),
        ({"volatility": "NaN"}, "volatility must be a finite decimal"),
        ({"session_open_at": "2026-11-23T14:30:00"}, "session_open_at needs a zone"),
        ({"session_open_at": "soon"}, "session_open_at must be ISO 8601"),
        ({"session_open_at": "2026-11-24T14:30:00Z"}, "session_close_at must be after"),
        ({"logins": {}}, "logins must be a list"),
        ({"logins": [3]}, "logins[0] must be a JSON object"),
        ({"logins": [{"login_id": "a", "accounts": []}]}, "needs at least one account"),
        (
            {"logins": [{"login_id": "a", "accounts": [{"account_id": "DU1"}]}]},
            "logins[0].accounts[0].cash is missing",
        ),
        ({"colour": "red"}, "unknown key colour"),
        ({"exercise": "later"}, "exercise must be one of at_once, after_close"),
        ({"messages_per_second": -1}, "messages_per_second must be 0 (no limit) or more"),
        ({"daily_restart": {"at": "late"}}, "daily_restart.at must be a time"),
        ({"sessions": []}, "sessions must name at least one session"),
        (
            {"sessions": [{"open_at": "2026-11-23T14:30:00Z"}]},
            "sessions[0].close_at is missing",
        ),
        (
            {
                "sessions": [
                    {"open_at": "2026-11-24T14:30:00Z", "close_at": "2026-11-24T21:00:00Z"},
                    {"open_at": "2026-11-23T14:30:00Z", "close_at": "2026-11-23T21:00:00Z"},
                ]
            },
            "order the sessions by date",
        ),
        (
            {"logins": [{"login_id": "a", "port": 70000, "accounts": ACCOUNTS}]},
            "port of login 'a' must be from 0",
        ),
        (
            {"logins": [{"login_id": "a", "market_data": "some", "accounts": ACCOUNTS}]},
            "logins[0].market_data must be one of live",
        ),
        (
            {"logins": [{"login_id": "a", "advisor_account": "DU1", "accounts": ACCOUNTS}]},
            "account_id 'DU1' appears twice",
        ),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, change: dict[str, Json], says: str) -> None:
    path = tmp_path / "simulator.json"
    path.write_text(json.dumps(DOCUMENT | change), encoding="utf-8")
    with pytest.raises(ConfigError) as refusal:
        read_config(path)
    assert says in str(refusal.value)


def test_every_setting_can_be_given_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "simulator.json"
    login: dict[str, Json] = {
        "login_id": "a",
        "port": 7001,
        "accounts": [{"account_id": "DU1", "cash": "100000.00"}],
        "whatif_twice": True,
        "advisor_account": "DF1",
        "master_client_id": 99,
        "market_data": "not_subscribed",
        "market_data_lines": 50,
    }
    document: dict[str, Json] = {
        "seed": 7,
        "ticker": "QQQ",
        "spot": "600.00",
        "logins": [login],
        "sessions": [
            {"open_at": "2026-11-23T14:30:00Z", "close_at": "2026-11-23T21:00:00Z"},
            {"open_at": "2026-11-24T14:30:00Z", "close_at": "2026-11-24T21:00:00Z"},
        ],
        "exercise": "after_close",
        "settlement_executions": True,
        "messages_per_second": 40,
        "host": "10.0.0.5",
        "control_host": "127.0.0.1",
        "state_file": "book.json",
        "daily_restart": {"at": "23:50", "restart_seconds": 30, "sunday_logout": True},
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    config = read_config(path)
    assert [hours.open_at.day for hours in config.sessions] == [23, 24]
    assert config.exercise is ExerciseProcessing.AFTER_CLOSE
    assert (config.settlement_executions, config.messages_per_second) == (True, 40)
    assert config.state_file == tmp_path / "book.json"
    restart = DailyRestart(at=time(23, 50), restart_seconds=30, sunday_logout=True)
    assert config.daily_restart == restart
    (read,) = config.logins
    assert (read.advisor_account, read.master_client_id, read.market_data_lines) == ("DF1", 99, 50)
    assert read.market_data is MarketDataAccess.NOT_SUBSCRIBED


def test_sessions_may_come_from_a_table_of_holidays(tmp_path: Path) -> None:
    path = tmp_path / "simulator.json"
    years: Json = {"2026": {"holidays": ["11-26"], "early_closes": {"11-27": "13:00"}}}
    table: Json = {"open": "09:30", "close": "16:00", "years": years}
    (tmp_path / "sessions.json").write_text(json.dumps(table), encoding="utf-8")
    document = {key: value for key, value in DOCUMENT.items() if not key.startswith("session_")}
    document |= {"session_table": "sessions.json"}
    document |= {"first_session": "2026-11-23", "last_session": "2026-11-30"}
    path.write_text(json.dumps(document), encoding="utf-8")
    config = read_config(path)
    assert [hours.open_at.day for hours in config.sessions] == [23, 24, 25, 27, 30]
    assert config.sessions[3].close_at.hour == 18
    path.write_text(json.dumps(document | {"last_session": "2027-01-04"}), encoding="utf-8")
    with pytest.raises(ConfigError, match="year 2027 of"):
        read_config(path)
    path.write_text(json.dumps(document | {"last_session": "2026-11-20"}), encoding="utf-8")
    with pytest.raises(ConfigError, match="has no session from"):
        read_config(path)


def test_the_table_of_the_product_is_one(tmp_path: Path) -> None:
    table = Path("shared/session_table.json").resolve()
    document = {key: value for key, value in DOCUMENT.items() if not key.startswith("session_")}
    document |= {"session_table": str(table)}
    document |= {"first_session": "2026-11-23", "last_session": "2026-11-27"}
    path = tmp_path / "simulator.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    sessions = read_config(path).sessions
    assert [(hours.open_at.day, hours.close_at.hour) for hours in sessions] == [
        (23, 21),
        (24, 21),
        (25, 21),
        (27, 18),
    ]


def test_names_are_given_once() -> None:
    with pytest.raises(ConfigError, match="account_id 'DU1' appears twice"):
        a_config(logins=(a_login("a"), a_login("b")))
