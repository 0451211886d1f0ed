"""fetch-fx-rates: takes in the reference rates of the European Central Bank."""

from __future__ import annotations

import argparse

from shared.adapters.json_log import log_event
from shared.bootstrap import Services
from shared.config import FxSettings
from shared.use_cases.fetch_fx_rates import FetchPorts, fetch_fx_rates


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take no arguments: the bank's file always holds the last 90 days."""


def run(_given: argparse.Namespace) -> None:
    """Fetch the rates.

    Raises:
        SpreadPilotError: They were not fetched, or not all; doing it again is safe.
    """
    fetched = fetch_fx_rates(FetchPorts.of(Services(FxSettings)))
    for rate_date in fetched.publication.kept:
        log_event("fx_rate_of_persons_kept", severity="WARNING", rate_date=rate_date)
    log_event(
        "fx_rates_fetched", written=fetched.publication.written, missing=fetched.missing or ""
    )
