"""How Cloud Storage words errors, in JSON and in XML."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from starlette.responses import JSONResponse, Response

from tests.sandbox.cloud_storage_objects import Refused
from tests.sandbox.control import Failure, Json

_SERVER_MESSAGES = {
    429: ("The rate of requests is too high.", "rateLimitExceeded"),
    500: ("We encountered an internal error. Please try again.", "internalError"),
    503: ("We encountered an internal error. Please try again.", "backendError"),
}
ANONYMOUS = (
    "Anonymous caller does not have storage.objects.get access to the Google Cloud Storage "
    "object. Permission 'storage.objects.get' denied on resource (or it may not exist)."
)


def json_error(refused: Refused) -> Response:
    """https://cloud.google.com/storage/docs/json_api/v1/status-codes."""
    if refused.status == 304:
        return Response(status_code=304)
    entry: dict[str, Json] = {
        "message": refused.message,
        "domain": "global",
        "reason": refused.reason,
    }
    if refused.location is not None:
        entry["locationType"], entry["location"] = refused.location
    return JSONResponse(
        {"error": {"code": refused.status, "message": refused.message, "errors": [entry]}},
        status_code=refused.status,
    )


def xml_error(status: int, code: str, message: str, members: Mapping[str, str]) -> Response:
    """https://cloud.google.com/storage/docs/xml-api/reference-status."""
    inside = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in members.items())
    return Response(
        "<?xml version='1.0' encoding='UTF-8'?>"
        f"<Error><Code>{code}</Code><Message>{escape(message)}</Message>{inside}</Error>",
        status_code=status,
        media_type="application/xml; charset=UTF-8",
    )


def xml_refusal(refused: Refused) -> Response:
    if refused.status == 404 and refused.message.startswith("No such object"):
        return xml_error(
            404, "NoSuchKey", "The specified key does not exist.", {"Details": refused.message}
        )
    if refused.status == 404:
        return xml_error(404, "NoSuchBucket", "The specified bucket does not exist.", {})
    return xml_error(refused.status, refused.reason, refused.message, {})


def failed(failure: Failure) -> Response:
    message, reason = _SERVER_MESSAGES.get(failure.status, ("Error", "backendError"))
    return json_error(Refused(failure.status, message, reason))


def xml_failed(failure: Failure) -> Response:
    return xml_error(
        failure.status,
        "InternalError",
        "We encountered an internal error. Please try again.",
        {},
    )
