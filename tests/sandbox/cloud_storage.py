"""A stand-in for Cloud Storage: the JSON interface for the client library, and `/bucket/object` for
V4 signed URLs, strictly.

Generations count from 1 for each object. `GET /_sandbox/objects` lists what is stored: `[{"bucket",
"name", "generation", "size"}]`.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import TypeAlias
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.sandbox.cloud_storage_errors import (
    ANONYMOUS,
    failed,
    json_error,
    xml_error,
    xml_failed,
    xml_refusal,
)
from tests.sandbox.cloud_storage_objects import Objects, Refused, StoredObject
from tests.sandbox.cloud_storage_signatures import BadSignature, is_signed, verify
from tests.sandbox.cloud_storage_uploads import CONDITIONS, Session, Uploads
from tests.sandbox.control import SANDBOX_TOKENS, Control, Json, bearer_token

SANDBOX_BUCKETS = frozenset({"spreadpilot-reports", "spreadpilot-backups"})
_PAGE = 1000
_READING = CONDITIONS | {"generation", "alt", "projection", "prettyPrint", "fields"}
_LISTING = frozenset(
    {"prefix", "delimiter", "maxResults", "pageToken", "projection", "prettyPrint", "fields"}
)
_UPLOADING = CONDITIONS | {"uploadType", "name", "upload_id", "predefinedAcl", "prettyPrint"}
_Answer: TypeAlias = Callable[[Request], Awaitable[Response]]


class _CloudStorage:
    def __init__(
        self,
        buckets: frozenset[str],
        tokens: frozenset[str],
        public_keys: Mapping[str, rsa.RSAPublicKey],
        utc_now: Callable[[], datetime],
    ) -> None:
        self._tokens = tokens
        self._public_keys = public_keys
        self._utc_now = utc_now
        self._objects = Objects(buckets, utc_now)
        self._uploads = Uploads(self._objects)
        self._bucket_names = buckets
        self.control = Control(self._reset)

    def _reset(self) -> None:
        self._objects.reset()
        self._uploads.reset()

    def json(self, answer: _Answer, parameters: frozenset[str]) -> _Answer:
        """A method of the JSON interface: authorized, with known parameters only."""

        async def guarded(request: Request) -> Response:
            try:
                self._authorize(request)
                _check_parameters(request, parameters)
                return await answer(request)
            except Refused as refused:
                return json_error(refused)

        return self.control.guarded(guarded, failed)

    def _authorize(self, request: Request) -> None:
        token = bearer_token(request)
        if token is None:
            raise Refused(401, ANONYMOUS, "required", ("header", "Authorization"))
        if token not in self._tokens:
            raise Refused(401, "Invalid Credentials", "authError", ("header", "Authorization"))

    async def upload(self, request: Request) -> Response:
        kind = request.query_params.get("uploadType")
        if kind == "media":
            return JSONResponse((await self._uploads.simple(request)).as_json(_base(request)))
        if kind == "multipart":
            return JSONResponse((await self._uploads.multipart(request)).as_json(_base(request)))
        if kind != "resumable":
            raise Refused(400, f"Invalid upload type: {kind}", "invalidParameter")
        upload_id = await self._uploads.start(request)
        location = request.url.include_query_params(upload_id=upload_id)
        return Response(
            status_code=200,
            headers={"Location": str(location), "X-GUploader-UploadID": upload_id},
        )

    async def resume(self, request: Request) -> Response:
        session = await self._uploads.resume(request)
        if session.finished is not None:
            return JSONResponse(session.finished.as_json(_base(request)))
        return _incomplete(session)

    async def get(self, request: Request) -> Response:
        found = self._found(request)
        media = request.query_params.get("alt", "json") == "media"
        return _content(found) if media else JSONResponse(found.as_json(_base(request)))

    async def download(self, request: Request) -> Response:
        try:
            return _content(self._found(request))
        except Refused as refused:
            # Downloads are answered in plain text, not in JSON.
            return Response(
                refused.message, status_code=refused.status, media_type="text/html; charset=UTF-8"
            )

    def _found(self, request: Request) -> StoredObject:
        if "range" in request.headers:
            raise Refused(501, "The stand-in serves whole objects only.", "notImplemented")
        return self._objects.get(
            request.path_params["bucket"], request.path_params["name"], request.query_params
        )

    async def delete(self, request: Request) -> Response:
        self._objects.delete(
            request.path_params["bucket"], request.path_params["name"], request.query_params
        )
        return Response(status_code=204)

    async def bucket(self, request: Request) -> Response:
        name = request.path_params["bucket"]
        self._objects.bucket(name)
        return JSONResponse(
            {
                "kind": "storage#bucket",
                "id": name,
                "name": name,
                "location": "EU",
                "storageClass": "STANDARD",
            }
        )

    async def list(self, request: Request) -> Response:
        asked = request.query_params
        stored = self._objects.bucket(request.path_params["bucket"]).objects
        prefix, delimiter = asked.get("prefix", ""), asked.get("delimiter", "")
        after, most = asked.get("pageToken", ""), min(int(asked.get("maxResults", _PAGE)), _PAGE)
        names = sorted(name for name in stored if name.startswith(prefix) and name > after)
        prefixes = {
            name[: name.index(delimiter, len(prefix)) + len(delimiter)]
            for name in names
            if delimiter and delimiter in name[len(prefix) :]
        }
        plain = [name for name in names if not any(map(name.startswith, prefixes))]
        answer: dict[str, Json] = {"kind": "storage#objects"}
        if plain:
            answer["items"] = [stored[name].as_json(_base(request)) for name in plain[:most]]
        if prefixes:
            answer["prefixes"] = [*sorted(prefixes)]
        if len(plain) > most:
            answer["nextPageToken"] = plain[most - 1]
        return JSONResponse(answer)

    async def open(self, request: Request) -> Response:
        """`GET /bucket/object`: a signed URL, or a bearer token."""
        try:
            if is_signed(request):
                verify(request, self._public_keys, self._utc_now)
            elif bearer_token(request) not in self._tokens:
                return xml_error(403, "AccessDenied", "Access denied.", {"Details": ANONYMOUS})
            return _content(self._found(request))
        except BadSignature as bad:
            return xml_error(bad.status, bad.code, bad.message, bad.members)
        except Refused as refused:
            return xml_refusal(refused)

    async def stored(self, _request: Request) -> Response:
        return JSONResponse(
            [
                {
                    "bucket": bucket,
                    "name": found.name,
                    "generation": found.generation,
                    "size": len(found.data),
                }
                for bucket in sorted(self._bucket_names)
                for _, found in sorted(self._objects.bucket(bucket).objects.items())
            ]
        )


def create_app(
    *,
    public_keys: Mapping[str, rsa.RSAPublicKey],
    buckets: frozenset[str] = SANDBOX_BUCKETS,
    tokens: frozenset[str] = SANDBOX_TOKENS,
    utc_now: Callable[[], datetime] = lambda: datetime.fromtimestamp(time.time(), tz=UTC),
) -> Starlette:
    """The stand-in. `utc_now` (machine time) ends signed URLs; `public_keys` by account."""
    service = _CloudStorage(buckets, tokens, public_keys, utc_now)
    objects, one = "/b/{bucket}/o", "/b/{bucket}/o/{name:path}"
    upload, json = "/upload/storage/v1" + objects, "/storage/v1"
    return Starlette(
        routes=[
            Route("/_sandbox/objects", service.stored, methods=["GET"]),
            *service.control.routes(),
            Route(upload, service.json(service.upload, _UPLOADING), methods=["POST"]),
            Route(upload, service.json(service.resume, _UPLOADING), methods=["PUT"]),
            Route(
                "/download/storage/v1" + one,
                service.json(service.download, _READING),
                methods=["GET"],
            ),
            Route(json + objects, service.json(service.list, _LISTING), methods=["GET"]),
            Route(json + one, service.json(service.get, _READING), methods=["GET"]),
            Route(json + one, service.json(service.delete, _READING), methods=["DELETE"]),
            Route(json + "/b/{bucket}", service.json(service.bucket, _READING), methods=["GET"]),
            Route(
                "/{bucket}/{name:path}",
                service.control.guarded(service.open, xml_failed),
                methods=["GET", "HEAD"],
            ),
        ],
        exception_handlers={404: _not_found, 405: _not_found},
    )


async def _not_found(_request: Request, _error: Exception) -> Response:
    return Response("Not Found", status_code=404, media_type="text/html; charset=UTF-8")


def _check_parameters(request: Request, known: frozenset[str]) -> None:
    for name in request.query_params:
        if name not in known:
            raise Refused(400, f"Unknown parameter: {name}", "invalidParameter")


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _incomplete(session: Session) -> Response:
    headers = {"X-HTTP-Status-Code-Override": "308"}
    if session.received:
        headers["Range"] = f"bytes=0-{len(session.received) - 1}"
    return Response(status_code=308, headers=headers)


def _content(found: StoredObject) -> Response:
    return Response(
        found.data,
        headers={
            "Content-Type": found.content_type,
            "ETag": f'"{quote(found.etag)}"',
            "Last-Modified": found.created_at.strftime("%a, %d %b %Y %H:%M:%S GMT"),
            "Cache-Control": "private, max-age=0",
            "X-Goog-Generation": str(found.generation),
            "X-Goog-Metageneration": "1",
            "X-Goog-Hash": f"crc32c={found.crc32c},md5={found.md5}",
            "X-Goog-Storage-Class": "STANDARD",
            "X-Goog-Stored-Content-Encoding": "identity",
            "X-Goog-Stored-Content-Length": str(len(found.data)),
        },
    )
