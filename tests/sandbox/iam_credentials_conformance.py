"""What the IAM Service Account Credentials API answers, row by row."""

from __future__ import annotations

from tests.sandbox.conformance import Row
from tests.sandbox.control import Json
from tests.sandbox.google_answers import INVALID_CREDENTIALS, UNREGISTERED_CALLER
from tests.sandbox.iam_credentials import SANDBOX_ACCOUNT

_DOCS = (
    "https://cloud.google.com/iam/docs/reference/credentials/rest/v1/"
    "projects.serviceAccounts/signBlob"
)
_ERRORS = "https://cloud.google.com/apis/design/errors"
_ACCOUNTS = "/v1/projects/-/serviceAccounts/"
_SIGN = f"POST {_ACCOUNTS}{SANDBOX_ACCOUNT}:signBlob"
_AUTHORIZED = {"Authorization": "Bearer sandbox-token"}


def _refusal(status: int, message: str, name: str) -> Json:
    return {"error": {"code": status, "message": message, "status": name}}


CONFORMANCE: tuple[Row, ...] = (
    Row(
        name="an account signs for itself",
        request=_SIGN,
        headers=_AUTHORIZED,
        json={"payload": "c2lnbiBtZQ=="},
        status=200,
        answer={},
        text="signedBlob",
        source=_DOCS,
    ),
    Row(
        name="an account signs for another",
        request=f"POST {_ACCOUNTS}other@example.iam.gserviceaccount.com:signBlob",
        headers=_AUTHORIZED,
        json={"payload": "c2lnbiBtZQ=="},
        status=403,
        answer={
            "error": {
                "code": 403,
                "message": "Permission 'iam.serviceAccounts.signBlob' denied on resource (or it "
                "may not exist).",
                "status": "PERMISSION_DENIED",
                "details": [
                    {
                        "reason": "IAM_PERMISSION_DENIED",
                        "metadata": {"permission": "iam.serviceAccounts.signBlob"},
                    }
                ],
            }
        },
        source="https://github.com/gronxb/hot-updater/issues/291",
    ),
    Row(
        name="no token",
        request=_SIGN,
        json={"payload": "c2lnbiBtZQ=="},
        status=403,
        answer=_refusal(403, UNREGISTERED_CALLER, "PERMISSION_DENIED"),
        source="https://github.com/nearai/ironclaw/issues/999",
    ),
    Row(
        name="an unknown token",
        request=_SIGN,
        headers={"Authorization": "Bearer stale"},
        json={"payload": "c2lnbiBtZQ=="},
        status=401,
        answer=_refusal(401, INVALID_CREDENTIALS, "UNAUTHENTICATED"),
        source="https://cloud.google.com/docs/authentication/troubleshoot-adc",
    ),
    Row(
        name="a payload that is not base64",
        request=_SIGN,
        headers=_AUTHORIZED,
        json={"payload": "sign me!"},
        status=400,
        answer=_refusal(
            400,
            "Invalid value at 'payload' (TYPE_BYTES), Base64 decoding failed for \"sign me!\"",
            "INVALID_ARGUMENT",
        ),
        source=_ERRORS,
    ),
    Row(
        name="a field Google does not have",
        request=_SIGN,
        headers=_AUTHORIZED,
        json={"bytesToSign": "c2lnbiBtZQ=="},
        status=400,
        answer=_refusal(
            400,
            'Invalid JSON payload received. Unknown name "bytesToSign": Cannot find field.',
            "INVALID_ARGUMENT",
        ),
        source=_ERRORS,
    ),
    Row(
        name="no payload",
        request=_SIGN,
        headers=_AUTHORIZED,
        json={},
        status=400,
        answer=_refusal(400, "Request contains an invalid argument.", "INVALID_ARGUMENT"),
        source=_DOCS,
    ),
    Row(
        name="another method",
        request=f"POST {_ACCOUNTS}{SANDBOX_ACCOUNT}:signJwt",
        headers=_AUTHORIZED,
        json={"payload": "{}"},
        status=404,
        text="Error 404 (Not Found)!!1",
        source=f"{_DOCS} (stricter)",
    ),
    Row(
        name="Google is down",
        request=_SIGN,
        headers=_AUTHORIZED,
        json={"payload": "c2lnbiBtZQ=="},
        before=(("POST", "/_sandbox/failures", {"status": 503}),),
        status=503,
        answer=_refusal(503, "The service is currently unavailable.", "UNAVAILABLE"),
        source="https://github.com/googleapis/google-api-go-client/issues/419",
    ),
)
