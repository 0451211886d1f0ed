"""Google credentials as the sandbox accepts them."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from google.auth.credentials import Credentials
from google.oauth2 import credentials as oauth2


def sandbox_credentials(bearer: str = "sandbox-token") -> Credentials:
    """Credentials that present `bearer` and cannot renew it."""
    # google-auth ships its types without annotating this constructor.
    make = cast("Callable[[str], Credentials]", oauth2.Credentials)
    return make(bearer)
