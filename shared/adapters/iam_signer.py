"""Signs as a service account without its key, through IAM's signBlob."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import TypedDict

import requests
from google.auth.credentials import Credentials, Signing
from google.auth.exceptions import GoogleAuthError

from shared.adapters.google_session import authorized_session
from shared.adapters.retry import repeat_safely
from shared.domain.errors import AdapterError

IAM_CREDENTIALS_URL = "https://iamcredentials.googleapis.com"
_SERVICE = "iam"
_TIMEOUT_SECONDS = (5.0, 10.0)


class _SignedBlob(TypedDict):
    """https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signBlob."""

    signedBlob: str


class IamSigner(Signing):
    """Signing credentials whose private key stays with Google.

    The account needs roles/iam.serviceAccountTokenCreator on itself. (google-auth has a signer of
    its own, which knows no other address than Google's.)

    Args:
        credentials: The account's access token.
        service_account_email: The account.
        base_url: Where IAM answers, without a trailing slash.
        sleep: Waits between repeated calls, in machine seconds.
    """

    def __init__(
        self,
        *,
        credentials: Credentials,
        service_account_email: str,
        base_url: str = IAM_CREDENTIALS_URL,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._email = service_account_email
        self._url = f"{base_url}/v1/projects/-/serviceAccounts/{service_account_email}:signBlob"
        self._session = authorized_session(credentials)
        self._sleep = sleep

    @property
    def signer_email(self) -> str:
        """The account that signs."""
        return self._email

    @property
    def signer(self) -> IamSigner:
        """What signs: this object."""
        return self

    def sign_bytes(self, message: bytes) -> bytes:
        """Return the RSA SHA-256 signature of `message`.

        Raises:
            AdapterError: IAM refused or failed.
        """
        return repeat_safely(lambda: self._signed(message), sleep=self._sleep)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _signed(self, message: bytes) -> bytes:
        payload = base64.b64encode(message).decode("ascii")
        try:
            response = self._session.post(
                self._url, json={"payload": payload}, timeout=_TIMEOUT_SECONDS
            )
            if response.ok:
                answer: _SignedBlob = response.json()
                return base64.b64decode(answer["signedBlob"])
        except (requests.RequestException, GoogleAuthError) as error:
            retryable = isinstance(error, requests.RequestException) or bool(error.retryable)
            raise AdapterError(_SERVICE, str(error), retryable=retryable) from error
        status = response.status_code
        raise AdapterError(
            _SERVICE,
            f"signing as {self._email}: {status}: {response.text[:500]}",
            retryable=status == requests.codes.too_many_requests
            or status >= requests.codes.server_error,
        )
