"""What Cloud Storage answers, row by row; the clock stands at 2026-08-03 12:00 UTC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from tests.sandbox.cloud_storage_errors import ANONYMOUS
from tests.sandbox.conformance import Row
from tests.sandbox.control import Json
from tests.sandbox.iam_credentials import SANDBOX_ACCOUNT

NOW = datetime(2026, 8, 3, 12, tzinfo=UTC)
_STATUS = "https://cloud.google.com/storage/docs/json_api/v1/status-codes"
_JSON = "https://cloud.google.com/storage/docs/json_api/v1/"
_XML = "https://cloud.google.com/storage/docs/xml-api/reference-status"
_UPLOADS = "https://cloud.google.com/storage/docs/uploads-downloads"
_RESUMABLE = "https://cloud.google.com/storage/docs/performing-resumable-uploads"
_AUTHORIZED = {"Authorization": "Bearer sandbox-token"}
_OBJECTS = "/storage/v1/b/spreadpilot-reports/o"
_UPLOAD = "/upload/storage/v1/b/spreadpilot-reports/o"
_MISSING = "No such object: spreadpilot-reports/a/missing.txt"
_CONDITION = "At least one of the pre-conditions you specified did not hold."


def _refusal(status: int, message: str, reason: str) -> Json:
    return {
        "error": {
            "code": status,
            "message": message,
            "errors": [{"message": message, "domain": "global", "reason": reason}],
        }
    }


def _multipart(metadata: bytes, content: bytes = b"hello") -> bytes:
    return (
        b"--sep\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n"
        + metadata
        + b"\r\n--sep\r\ncontent-type: text/plain\r\n\r\n"
        + content
        + b"\r\n--sep--"
    )


def _upload(
    name: str,
    metadata: bytes,
    status: int,
    answer: Json,
    query: str = "",
    source: str = f"{_JSON}objects/insert",
) -> Row:
    return Row(
        name=name,
        request=f"POST {_UPLOAD}?uploadType=multipart{query}",
        headers={**_AUTHORIZED, "Content-Type": 'multipart/related; boundary="sep"'},
        body=_multipart(metadata),
        status=status,
        answer=answer,
        source=source,
    )


def _signed(name: str, status: int, text: str, changed: Mapping[str, str], source: str) -> Row:
    parameters = {
        "X-Goog-Algorithm": "GOOG4-RSA-SHA256",
        "X-Goog-Credential": f"{SANDBOX_ACCOUNT}/20260803/auto/storage/goog4_request",
        "X-Goog-Date": "20260803T115000Z",
        "X-Goog-Expires": "900",
        "X-Goog-SignedHeaders": "host",
        "X-Goog-Signature": "00" * 256,
    }
    return Row(
        name=name,
        request=f"GET /spreadpilot-reports/a/b.txt?{urlencode({**parameters, **changed})}",
        status=status,
        text=text,
        source=source,
    )


CONFORMANCE: tuple[Row, ...] = (
    _upload(
        "a multipart upload",
        b'{"name": "a/b.txt", "crc32c": "mnG7TA==", "md5Hash": "XUFAKrxLKna5cZ2REBfFkg=="}',
        200,
        {
            "kind": "storage#object",
            "name": "a/b.txt",
            "bucket": "spreadpilot-reports",
            "generation": "1",
            "metageneration": "1",
            "contentType": "text/plain",
            "size": "5",
            "md5Hash": "XUFAKrxLKna5cZ2REBfFkg==",
            "crc32c": "mnG7TA==",
            "timeCreated": "2026-08-03T12:00:00.000Z",
        },
        query="&ifGenerationMatch=0",
    ),
    _upload(
        "content that was damaged on the way",
        b'{"name": "a/b.txt", "crc32c": "AAAAAA=="}',
        400,
        _refusal(
            400,
            'Provided CRC32C "AAAAAA==" doesn\'t match calculated CRC32C "mnG7TA==".',
            "invalid",
        ),
        source="https://cloud.google.com/storage/docs/data-validation",
    ),
    _upload(
        "a precondition that does not hold",
        b'{"name": "a/b.txt"}',
        412,
        _refusal(412, _CONDITION, "conditionNotMet"),
        query="&ifGenerationMatch=7",
        source=f"{_STATUS}#412_Precondition_Failed",
    ),
    _upload(
        "a generation that is no number",
        b'{"name": "a/b.txt"}',
        400,
        _refusal(400, "Invalid long value: 'now'.", "invalid"),
        query="&ifGenerationMatch=now",
        source=_STATUS,
    ),
    _upload("an upload without a name", b"{}", 400, _refusal(400, "Required", "required")),
    _upload(
        "metadata that is no JSON",
        b"{",
        400,
        _refusal(400, "Parse Error", "parseError"),
        source=_STATUS,
    ),
    _upload(
        "metadata Google does not have",
        b'{"name": "a", "colour": "red"}',
        400,
        {"error": {"code": 400}},
        source=f"{_JSON}objects (stricter)",
    ),
    Row(
        name="a multipart body that is not one",
        request=f"POST {_UPLOAD}?uploadType=multipart",
        headers={**_AUTHORIZED, "Content-Type": "text/plain"},
        body=b"hello",
        status=400,
        answer=_refusal(400, "Missing multipart boundary.", "badContent"),
        source=_UPLOADS,
    ),
    Row(
        name="a simple upload",
        request=f"POST {_UPLOAD}?uploadType=media&name=a.txt",
        headers={**_AUTHORIZED, "Content-Type": "text/plain"},
        body=b"hello",
        status=200,
        answer={"name": "a.txt", "contentType": "text/plain", "size": "5"},
        source=_UPLOADS,
    ),
    Row(
        name="a resumable upload begins",
        request=f"POST {_UPLOAD}?uploadType=resumable",
        headers=_AUTHORIZED,
        json={"name": "a.txt"},
        status=200,
        answer_headers={"X-GUploader-UploadID": "sandbox-upload-1"},
        source=_RESUMABLE,
    ),
    Row(
        name="an upload session nobody opened",
        request=f"PUT {_UPLOAD}?uploadType=resumable&upload_id=none",
        headers={**_AUTHORIZED, "Content-Range": "bytes */*"},
        status=404,
        answer={"error": {"code": 404}},
        source=_RESUMABLE,
    ),
    Row(
        name="no such object",
        request=f"GET {_OBJECTS}/a%2Fmissing.txt",
        headers=_AUTHORIZED,
        status=404,
        answer=_refusal(404, _MISSING, "notFound"),
        source=f"{_STATUS}#404_Not_Found",
    ),
    Row(
        name="no such object to download",
        request="GET /download/storage/v1/b/spreadpilot-reports/o/a%2Fmissing.txt?alt=media",
        headers=_AUTHORIZED,
        status=404,
        text=_MISSING,
        source=f"{_JSON}objects/get",
    ),
    Row(
        name="no such object to delete",
        request=f"DELETE {_OBJECTS}/a%2Fmissing.txt",
        headers=_AUTHORIZED,
        status=404,
        answer=_refusal(404, _MISSING, "notFound"),
        source=f"{_JSON}objects/delete",
    ),
    Row(
        name="no such bucket",
        request="GET /storage/v1/b/elsewhere/o",
        headers=_AUTHORIZED,
        status=404,
        answer=_refusal(404, "The specified bucket does not exist.", "notFound"),
        source=f"{_STATUS}#404_Not_Found",
    ),
    Row(
        name="an empty listing",
        request=f"GET {_OBJECTS}?prefix=a/",
        headers=_AUTHORIZED,
        status=200,
        answer={"kind": "storage#objects"},
        source=f"{_JSON}objects/list",
    ),
    Row(
        name="no token",
        request=f"GET {_OBJECTS}/a",
        status=401,
        answer=_refusal(401, ANONYMOUS, "required"),
        source=f"{_STATUS}#401_Unauthorized",
    ),
    Row(
        name="an unknown token",
        request=f"GET {_OBJECTS}/a",
        headers={"Authorization": "Bearer stale"},
        status=401,
        answer=_refusal(401, "Invalid Credentials", "authError"),
        source=f"{_STATUS}#401_Unauthorized",
    ),
    Row(
        name="too many requests",
        request=f"GET {_OBJECTS}",
        headers=_AUTHORIZED,
        before=(("POST", "/_sandbox/failures", {"status": 429}),),
        status=429,
        answer={"error": {"errors": [{"reason": "rateLimitExceeded"}]}},
        source=f"{_STATUS}#429_Too_Many_Requests",
    ),
    Row(
        name="an object without a signature",
        request="GET /spreadpilot-reports/a/b.txt",
        status=403,
        text="<Error><Code>AccessDenied</Code><Message>Access denied.</Message>",
        source=_XML,
    ),
    Row(
        name="an object that is not there, in XML",
        request="GET /spreadpilot-reports/a/missing.txt",
        headers=_AUTHORIZED,
        status=404,
        text="<Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>"
        f"<Details>{_MISSING}</Details>",
        source=_XML,
    ),
    _signed(
        "a forged signature",
        403,
        "<Code>SignatureDoesNotMatch</Code><Message>Access denied.</Message><Details>The request "
        "signature we calculated does not match the signature you provided. Check your Google "
        "secret key and signing method.</Details><StringToSign>GOOG4-RSA-SHA256\n",
        {},
        "https://github.com/firebase/firebase-tools/issues/6896",
    ),
    _signed(
        "a link that has expired",
        400,
        "<Code>ExpiredToken</Code><Message>Invalid argument.</Message><Details>The provided token "
        "has expired. Request signature expired at: 2026-08-03T11:50:01+00:00</Details>",
        {"X-Goog-Expires": "1"},
        "https://github.com/floci-io/floci-gcp/issues/32",
    ),
    _signed(
        "a link that never signed its host",
        400,
        "<Code>MalformedSecurityHeader</Code><Message>Invalid argument.</Message><Details>Your "
        "request has a malformed header. Host header not signed.</Details>",
        {"X-Goog-SignedHeaders": "accept"},
        "https://cloud.google.com/storage/docs/authentication/canonical-requests#required-headers",
    ),
    _signed(
        "a date that is none",
        400,
        "<ParameterName>Date</ParameterName>",
        {"X-Goog-Date": "not-a-date"},
        "https://github.com/floci-io/floci-gcp/pull/33",
    ),
    _signed(
        "a link for more than seven days",
        400,
        "<Code>MalformedSecurityHeader</Code>",
        {"X-Goog-Expires": "604801"},
        "https://cloud.google.com/storage/docs/authentication/signatures",
    ),
)
