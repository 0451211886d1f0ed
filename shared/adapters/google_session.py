"""A requests session that carries a Google access token and renews it."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import requests
from google.auth.credentials import Credentials
from google.auth.transport.requests import AuthorizedSession


def authorized_session(credentials: Credentials) -> requests.Session:
    """Return a session that authenticates as `credentials`.

    Requests through it raise `google.auth.exceptions.GoogleAuthError` where no token can be had.
    """
    # google-auth ships its types without annotating this constructor.
    make = cast("Callable[[Credentials], requests.Session]", AuthorizedSession)
    return make(credentials)
