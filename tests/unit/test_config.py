"""Settings: everything wrong is told at once, and held time stays in the sandbox."""

from __future__ import annotations

import pytest

from shared.config import (
    GROUPS,
    CoreSettings,
    Environment,
    GatewaySettings,
    ReportSettings,
    SheetSettings,
    read_settings,
)
from shared.domain.errors import InvalidSettings

GOOD = {
    "ENVIRONMENT": "sandbox",
    "GOOGLE_CLOUD_PROJECT": "spreadpilot-test",
    "GATEWAY_HOLDER": "gateway-1",
}


def test_settings_are_read_from_their_variables_and_the_rest_has_its_default() -> None:
    environ = {**GOOD, "LEASE_SECONDS": "20", "GATEWAY_SHARD": " 3 ", "UNRELATED": "x"}
    read = read_settings(environ, CoreSettings, GatewaySettings)
    core, gateway = read.of(CoreSettings), read.of(GatewaySettings)
    assert core.environment is Environment.SANDBOX
    assert core.google_cloud_project == "spreadpilot-test"
    assert core.alerts_topic == "alerts"
    assert (gateway.lease_seconds, gateway.gateway_shard) == (20.0, 3)


def test_every_fault_of_every_group_is_told_in_one_error() -> None:
    environ = {"ENVIRONMENT": "moon", "LEASE_SECONDS": "1", "HEALTH_PORT": "70000"}
    with pytest.raises(InvalidSettings) as caught:
        read_settings(environ, CoreSettings, SheetSettings, GatewaySettings)
    message = str(caught.value)
    faulty = (
        "ENVIRONMENT",
        "GOOGLE_CLOUD_PROJECT",
        "SHEET_ID",
        "LEASE_SECONDS",
        "HEALTH_PORT",
        "GATEWAY_HOLDER",
    )
    assert [name for name in faulty if name not in message] == []
    assert "sandbox, staging or production" in message
    assert "SHEETS_BASE_URL" not in message


def test_a_setting_that_is_only_blank_is_missing() -> None:
    with pytest.raises(InvalidSettings, match="GOOGLE_CLOUD_PROJECT"):
        read_settings({**GOOD, "GOOGLE_CLOUD_PROJECT": "   "}, CoreSettings)


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_held_market_time_is_refused_outside_the_sandbox(environment: str) -> None:
    environ = {**GOOD, "ENVIRONMENT": environment, "MARKET_CLOCK": "/run/conductor"}
    with pytest.raises(InvalidSettings, match="MARKET_CLOCK"):
        read_settings(environ, CoreSettings)
    assert read_settings({**environ, "MARKET_CLOCK": ""}, CoreSettings)


def test_held_market_time_is_read_in_the_sandbox() -> None:
    read = read_settings({**GOOD, "MARKET_CLOCK": "/run/conductor"}, CoreSettings)
    assert read.of(CoreSettings).market_clock == "/run/conductor"


def test_a_fault_of_the_clock_is_told_beside_the_others() -> None:
    environ = {"ENVIRONMENT": "production", "GOOGLE_CLOUD_PROJECT": "p", "MARKET_CLOCK": "/x"}
    with pytest.raises(InvalidSettings) as caught:
        read_settings(environ, CoreSettings, GatewaySettings)
    assert "MARKET_CLOCK" in str(caught.value)
    assert "GATEWAY_HOLDER" in str(caught.value)


def test_a_group_that_was_not_asked_for_is_not_there() -> None:
    read = read_settings(GOOD, CoreSettings)
    with pytest.raises(TypeError, match="ReportSettings"):
        read.of(ReportSettings)


def test_settings_cannot_be_changed_once_read() -> None:
    core = read_settings(GOOD, CoreSettings).of(CoreSettings)
    with pytest.raises(ValueError, match="frozen"):
        core.alerts_topic = "others"


def test_every_setting_says_what_it_is_and_no_two_groups_share_a_name() -> None:
    names = [name for group in GROUPS for name in group.model_fields]
    assert len(names) == len(set(names))
    for group in GROUPS:
        assert all(field.description for field in group.model_fields.values())
