"""How jobs make links to report files: by the settings, signed with the secret key."""

from __future__ import annotations

from shared.adapters.machine_time import machine_now
from shared.bootstrap import Services
from shared.config import ReportSettings
from shared.use_cases.make_links import LinkTerms


def link_terms(services: Services) -> LinkTerms:
    """Read the key and put the terms together.

    Raises:
        AdapterError: The key could not be read.
    """
    settings = services.settings(ReportSettings)
    return LinkTerms(
        key=services.secrets.read(settings.link_secret),
        base_url=settings.link_base_url,
        hours=settings.link_hours,
        machine_now=machine_now,
    )
