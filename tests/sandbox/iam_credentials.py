"""A stand-in for the IAM Service Account Credentials API: `signBlob`, strictly.

A service account may sign for itself only, as with roles/iam.serviceAccountTokenCreator granted on
itself. The keys are made at start and thrown away at the end; `SigningKeys.public_keys` gives the
Cloud Storage stand-in what it verifies with.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.sandbox.control import Control, Failure, Json, bearer_token
from tests.sandbox.google_answers import (
    UNREGISTERED_CALLER,
    field_violation,
    google_error,
    invalid_credentials,
    no_such_page,
    server_error,
)

SANDBOX_ACCOUNT = "sandbox@spreadpilot-sandbox.iam.gserviceaccount.com"
_FIELDS = frozenset({"payload", "delegates"})


class SigningKeys:
    """A throw-away RSA key per service account."""

    def __init__(self, accounts: Iterable[str] = (SANDBOX_ACCOUNT,)) -> None:
        self._keys = {
            account: rsa.generate_private_key(public_exponent=65537, key_size=2048)
            for account in accounts
        }

    @property
    def public_keys(self) -> Mapping[str, rsa.RSAPublicKey]:
        """The public half of every account's key."""
        return {account: key.public_key() for account, key in self._keys.items()}

    def sign(self, account: str, payload: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 over SHA-256, as signBlob does."""
        return self._keys[account].sign(payload, padding.PKCS1v15(), hashes.SHA256())


class _Credentials:
    def __init__(self, keys: SigningKeys, callers: Mapping[str, str]) -> None:
        self._keys = keys
        self._callers = callers
        self.control = Control(lambda: None)

    async def call(self, request: Request) -> Response:
        account, _, method = request.path_params["account_and_method"].rpartition(":")
        if method != "signBlob" or not account:
            return await no_such_page(request, LookupError(method))
        token = bearer_token(request)
        if token is None:
            return google_error(403, UNREGISTERED_CALLER)
        caller = self._callers.get(token)
        if caller is None:
            return invalid_credentials(
                "iamcredentials.googleapis.com",
                "google.iam.credentials.v1.IAMCredentials.SignBlob",
            )
        payload = _payload(await request.body())
        if isinstance(payload, Response):
            return payload
        if account != caller:
            return _denied()
        signed = self._keys.sign(account, payload)
        return JSONResponse(
            {
                "keyId": hashlib.sha256(account.encode()).hexdigest()[:40],
                "signedBlob": base64.b64encode(signed).decode(),
            }
        )


def create_app(keys: SigningKeys, *, callers: Mapping[str, str] | None = None) -> Starlette:
    """The stand-in. `callers` maps a bearer token to the account it belongs to."""
    service = _Credentials(keys, callers or {"sandbox-token": SANDBOX_ACCOUNT})
    call = service.control.guarded(service.call, _failed)
    return Starlette(
        routes=[
            Route("/v1/projects/-/serviceAccounts/{account_and_method}", call, methods=["POST"]),
            *service.control.routes(),
        ],
        exception_handlers={404: no_such_page, 405: no_such_page},
    )


def _failed(failure: Failure) -> Response:
    if failure.status == 429:
        return google_error(429, "Quota exceeded for quota metric 'Generate credentials requests'.")
    return server_error(failure.status)


def _denied() -> Response:
    return google_error(
        403,
        "Permission 'iam.serviceAccounts.signBlob' denied on resource (or it may not exist).",
        [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "IAM_PERMISSION_DENIED",
                "domain": "iam.googleapis.com",
                "metadata": {"permission": "iam.serviceAccounts.signBlob"},
            }
        ],
    )


def _payload(body: bytes) -> bytes | Response:
    try:
        document: Json = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        return google_error(400, "Invalid JSON payload received.")
    unknown = sorted(document.keys() - _FIELDS)
    if unknown:
        return field_violation(
            f'Invalid JSON payload received. Unknown name "{unknown[0]}": Cannot find field.', ""
        )
    payload = document.get("payload")
    if not isinstance(payload, str) or not payload:
        return google_error(400, "Request contains an invalid argument.")
    try:
        return base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError):
        return field_violation(
            f"Invalid value at 'payload' (TYPE_BYTES), Base64 decoding failed for \"{payload}\"",
            "payload",
        )
