"""settle-sessions: matches the broker's statements, makes final what agrees, bills the months."""

from __future__ import annotations

import argparse

from shared.adapters.json_log import log_error, log_event
from shared.bootstrap import Services
from shared.config import FlexSettings, FxSettings
from shared.domain.errors import AdapterError
from shared.use_cases.fetch_fx_rates import FetchPorts, fetch_fx_rates
from shared.use_cases.issue_statements import StatementPorts
from shared.use_cases.match_session import MatchPorts
from shared.use_cases.roll_up_day import RollUpPorts
from shared.use_cases.roll_up_month import MonthPorts
from shared.use_cases.settle_sessions import Settled, SettlePorts, settle_sessions


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take no arguments: what waits to be settled is found in the database."""


def run(_given: argparse.Namespace) -> None:
    """Settle what waits for it.

    Raises:
        SpreadPilotError: It was not done, or not wholly; doing it again is safe.
    """
    services = Services(FlexSettings, FxSettings)
    _fetch_rates(services)
    settled = settle_sessions(
        SettlePorts(
            matching=MatchPorts.of(services),
            days=RollUpPorts.of(services),
            months=MonthPorts.of(services),
            statements=StatementPorts.of(services),
            reports=services.reports,
        )
    )
    _log(settled)


def _fetch_rates(services: Services) -> None:
    """Take the bank's rates in first; without them only statements in EUR are held."""
    try:
        fetch_fx_rates(FetchPorts.of(services))
    except AdapterError as error:
        log_error("fx_rates_not_fetched", error)


def _log(settled: Settled) -> None:
    for matched in settled.waiting:
        log_event(
            "session_provisional",
            severity="WARNING",
            session_date=matched.session_date,
            corrected=matched.corrected,
            waits_for=list(matched.waits_for),
        )
    for month, statements in settled.months:
        log_event(
            "month_rolled_up",
            month=month.month,
            finality=month.finality,
            followers=month.followers,
            issued=statements.issued,
            held=len(statements.held),
            adjusted=statements.adjusted,
        )
    log_event("sessions_settled", final=list(settled.final), waiting=len(settled.waiting))
