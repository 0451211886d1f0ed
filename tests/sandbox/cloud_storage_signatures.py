"""V4 signed URLs, verified as Cloud Storage does.

https://cloud.google.com/storage/docs/authentication/canonical-requests
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NoReturn
from urllib.parse import parse_qsl, quote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from starlette.requests import Request

ALGORITHM = "GOOG4-RSA-SHA256"
_LONGEST_SECONDS = 7 * 24 * 60 * 60
_DATE_FORMAT = "%Y%m%dT%H%M%SZ"
_PARAMETERS = (
    "X-Goog-Algorithm",
    "X-Goog-Credential",
    "X-Goog-Date",
    "X-Goog-Expires",
    "X-Goog-SignedHeaders",
    "X-Goog-Signature",
)
_CREDENTIAL = re.compile(
    r"(?P<account>[^/]+)/(?P<scope>(?P<day>\d{8})/[^/]+/storage/goog4_request)"
)


class BadSignature(Exception):
    """A signed URL that opens nothing: status, code, message and details of the XML error."""

    def __init__(self, status: int, code: str, message: str, **members: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.members = members


def is_signed(request: Request) -> bool:
    """Whether a request tries to be a V4 signed one."""
    return any(name.lower().startswith("x-goog-") for name in request.query_params)


def verify(
    request: Request,
    public_keys: Mapping[str, rsa.RSAPublicKey],
    utc_now: Callable[[], datetime],
) -> None:
    """Checks expiry, signed headers and signature, in the order Cloud Storage does.

    Raises:
        BadSignature: The URL opens nothing.
    """
    parameters = _parameters(request)
    credential = _CREDENTIAL.fullmatch(parameters["X-Goog-Credential"])
    signed_at = _signed_at(parameters["X-Goog-Date"])
    if parameters["X-Goog-Algorithm"] != ALGORITHM:
        _malformed("Invalid signing algorithm.", "Algorithm")
    if credential is None or credential["day"] != parameters["X-Goog-Date"][:8]:
        _malformed("Invalid credential.", "Credential")
    expires_at = signed_at + timedelta(seconds=_lifetime(parameters["X-Goog-Expires"]))
    if utc_now() >= expires_at:
        stamp = expires_at.strftime("%Y-%m-%dT%H:%M:%S+00:00")
        raise BadSignature(
            400,
            "ExpiredToken",
            "Invalid argument.",
            Details=f"The provided token has expired. Request signature expired at: {stamp}",
        )
    canonical = _canonical_request(request, parameters["X-Goog-SignedHeaders"])
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    string_to_sign = "\n".join((ALGORITHM, parameters["X-Goog-Date"], credential["scope"], digest))
    key = public_keys.get(credential["account"])
    if key is None or not _verifies(key, parameters["X-Goog-Signature"], string_to_sign):
        raise BadSignature(
            403,
            "SignatureDoesNotMatch",
            "Access denied.",
            Details="The request signature we calculated does not match the signature you "
            "provided. Check your Google secret key and signing method.",
            StringToSign=string_to_sign,
            CanonicalRequest=canonical,
        )


def _parameters(request: Request) -> dict[str, str]:
    given = request.query_params
    for name in _PARAMETERS:
        if len(given.getlist(name)) != 1:
            _malformed("Missing or repeated.", name.removeprefix("X-Goog-"))
    return {name: given[name] for name in _PARAMETERS}


def _malformed(why: str, parameter: str) -> NoReturn:
    raise BadSignature(
        400,
        "MalformedSecurityHeader",
        "Invalid argument.",
        Details=f"Your request has a malformed header. {why}",
        ParameterName=parameter,
    )


def _signed_at(text: str) -> datetime:
    try:
        return datetime.strptime(text, _DATE_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        _malformed("Invalid date.", "Date")


def _lifetime(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= _LONGEST_SECONDS:
        _malformed("Invalid expiration.", "Expires")
    return int(text)


def _canonical_request(request: Request, signed_headers: str) -> str:
    names = signed_headers.split(";")
    if "host" not in names:
        _malformed("Host header not signed.", "host")
    for name in names:
        if name not in request.headers:
            _malformed("Header was included in signedheaders, but not in the request.", name)
    for name in request.headers:
        if name.startswith("x-goog-") and name not in names:
            _malformed("Header must be signed.", name)
    headers = "".join(
        f"{name}:{','.join(' '.join(v.split()) for v in request.headers.getlist(name))}\n"
        for name in sorted(names)
    )
    payload = request.headers.get("x-goog-content-sha256", "UNSIGNED-PAYLOAD")
    raw_path: bytes = request.scope["raw_path"]
    return "\n".join(
        (
            request.method,
            raw_path.decode("ascii").partition("?")[0],
            _canonical_query(request),
            headers,
            ";".join(sorted(names)),
            payload,
        )
    )


def _canonical_query(request: Request) -> str:
    query: bytes = request.scope["query_string"]
    pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True)
    return "&".join(
        sorted(
            f"{quote(name, safe='~')}={quote(value, safe='~')}"
            for name, value in pairs
            if name != "X-Goog-Signature"
        )
    )


def _verifies(key: rsa.RSAPublicKey, signature: str, string_to_sign: str) -> bool:
    try:
        key.verify(
            bytes.fromhex(signature), string_to_sign.encode(), padding.PKCS1v15(), hashes.SHA256()
        )
    except (InvalidSignature, ValueError):
        return False
    return True
