"""How Google's newer APIs (Sheets, IAM credentials) word errors."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from tests.sandbox.control import Json

_STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
_SERVER_MESSAGES = {
    500: "Internal error encountered.",
    503: "The service is currently unavailable.",
}
INVALID_CREDENTIALS = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie "
    "or other valid authentication credential. See "
    "https://developers.google.com/identity/sign-in/web/devconsole-project."
)
UNREGISTERED_CALLER = (
    "Method doesn't allow unregistered callers (callers without established identity). Please use "
    "API Key or other form of API consumer identity to call this API."
)
NO_PERMISSION = "The caller does not have permission"


def google_error(status: int, message: str, details: list[Json] | None = None) -> Response:
    """An error in the google.rpc.Status mapping (https://google.aip.dev/193)."""
    error: dict[str, Json] = {
        "code": status,
        "message": message,
        "status": _STATUS_NAMES.get(status, "UNKNOWN"),
    }
    if details:
        error["details"] = details
    return JSONResponse({"error": error}, status_code=status)


def field_violation(status_message: str, field: str) -> Response:
    """A 400 that names the field at fault."""
    return google_error(
        400,
        status_message,
        [
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{"field": field, "description": status_message}],
            }
        ],
    )


def server_error(status: int) -> Response:
    """A failure of Google's own."""
    return google_error(status, _SERVER_MESSAGES.get(status, "Unknown error."))


def invalid_credentials(service: str, rpc: str) -> Response:
    """401 for a token Google does not know."""
    return google_error(
        401,
        INVALID_CREDENTIALS,
        [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "ACCESS_TOKEN_TYPE_UNSUPPORTED",
                "domain": "googleapis.com",
                "metadata": {"service": service, "method": rpc},
            }
        ],
    )


async def no_such_page(_request: Request, _error: Exception) -> Response:
    """What Google's front end says to a path or method none of its services has."""
    return HTMLResponse(
        "<!DOCTYPE html>\n<html lang=en>\n<title>Error 404 (Not Found)!!1</title>\n",
        status_code=404,
    )
