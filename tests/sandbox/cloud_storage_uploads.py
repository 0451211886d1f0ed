"""How objects arrive: simple, multipart and resumable uploads.

https://cloud.google.com/storage/docs/uploads-downloads
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request

from tests.sandbox.cloud_storage_objects import Objects, Refused, StoredObject, Writing
from tests.sandbox.control import Json

CHUNK_BYTES = 256 * 1024
_BOUNDARY = re.compile(r'multipart/related;\s*boundary="?([^";]+)"?')
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(?:(\d+)|\*)")
_WRITABLE = frozenset(
    {"bucket", "name", "contentType", "md5Hash", "crc32c", "metadata", "size", "storageClass"}
)
CONDITIONS = frozenset(
    {
        "ifGenerationMatch",
        "ifGenerationNotMatch",
        "ifMetagenerationMatch",
        "ifMetagenerationNotMatch",
    }
)


@dataclass(slots=True)
class Session:
    """A resumable upload on its way."""

    writing: Writing
    total: int | None
    received: bytearray = field(default_factory=bytearray)
    finished: StoredObject | None = None


class Uploads:
    """Uploads into `objects`."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._sessions: dict[str, Session] = {}
        self._started = 0

    def reset(self) -> None:
        """Forgets sessions."""
        self._sessions.clear()
        self._started = 0

    async def simple(self, request: Request) -> StoredObject:
        """uploadType=media: the body is the object."""
        writing = _writing(request, {}, request.headers.get("content-type"))
        return self._objects.write(writing, await request.body())

    async def multipart(self, request: Request) -> StoredObject:
        """uploadType=multipart: metadata and content in one multipart/related body."""
        boundary = _BOUNDARY.fullmatch(request.headers.get("content-type", ""))
        if boundary is None:
            raise Refused(400, "Missing multipart boundary.", "badContent")
        parts = _parts(await request.body(), boundary[1].encode())
        if len(parts) != 2 or not parts[0][0].startswith("application/json"):
            raise Refused(400, "Malformed multipart body.", "badContent")
        (_, metadata), (content_type, data) = parts
        return self._objects.write(_writing(request, _metadata(metadata), content_type), data)

    async def start(self, request: Request) -> str:
        """uploadType=resumable: opens a session; returns its id."""
        body = await request.body()
        content_type = request.headers.get("x-upload-content-type")
        writing = _writing(request, _metadata(body) if body else {}, content_type)
        self._objects.bucket(writing.bucket)
        length = request.headers.get("x-upload-content-length")
        self._started += 1
        upload_id = f"sandbox-upload-{self._started}"
        self._sessions[upload_id] = Session(
            writing=writing, total=None if length is None else int(length)
        )
        return upload_id

    async def resume(self, request: Request) -> Session:
        """Adds a chunk; the session is finished once the last one came."""
        session = self._sessions.get(request.query_params.get("upload_id", ""))
        if session is None:
            raise Refused(404, "Upload not found.", "notFound")
        chunk = await request.body()
        if session.finished is None:
            self._add(session, chunk, request.headers)
        return session

    def _add(self, session: Session, chunk: bytes, headers: Mapping[str, str]) -> None:
        named = _CONTENT_RANGE.fullmatch(headers.get("content-range", ""))
        if named is None:
            first: str | None = "0"
            total = len(chunk) if "content-range" not in headers else None
        else:
            first = named[1]
            total = int(named[3]) if named[3] else None
        if total is None and named is None:
            raise Refused(400, "Failed to parse Content-Range header.", "badRequest")
        if first is not None:
            self._append(session, int(first), chunk, is_last=total is not None)
        if total is not None and len(session.received) == total:
            self._finish(session, total, headers)

    def _append(self, session: Session, first: int, chunk: bytes, *, is_last: bool) -> None:
        if first != len(session.received):
            raise Refused(
                503, f"Invalid request. The upload is at {len(session.received)}.", "backendError"
            )
        if not is_last and len(chunk) % CHUNK_BYTES:
            raise Refused(
                400,
                "Invalid request. The number of bytes uploaded is required to be equal or greater "
                f"than {CHUNK_BYTES}, except for the final request (it's recommended to be the "
                "exact multiple of "
                f"{CHUNK_BYTES}). The received request contained {len(chunk)} bytes, which does "
                "not meet this requirement.",
                "badRequest",
            )
        session.received += chunk

    def _finish(self, session: Session, total: int, headers: Mapping[str, str]) -> None:
        if session.total is not None and session.total != total:
            raise Refused(400, "The upload's length differs from the announced one.", "badRequest")
        writing = _with_hash(session.writing, headers.get("x-goog-hash", ""))
        session.finished = self._objects.write(writing, bytes(session.received))


def _parts(body: bytes, boundary: bytes) -> list[tuple[str, bytes]]:
    """The content types and contents of a multipart body, whose last line must be there."""
    opening = b"--" + boundary
    pieces = (b"\r\n" + body).split(b"\r\n" + opening)
    if pieces[0] or pieces[-1].strip() != b"--":
        raise Refused(400, "Malformed multipart body.", "badContent")
    found = []
    for piece in pieces[1:-1]:
        head, separator, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if not separator:
            raise Refused(400, "Malformed multipart body.", "badContent")
        found.append((_content_type(head.decode("latin-1")), content))
    return found


def _content_type(head: str) -> str:
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-type":
            return value.strip()
    return "application/octet-stream"


def _metadata(body: bytes) -> dict[str, Json]:
    try:
        document: Json = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise Refused(400, "Parse Error", "parseError")
    unknown = document.keys() - _WRITABLE
    if unknown:
        raise Refused(400, f"Unknown field: {min(unknown)}", "invalid")
    return document


def _writing(request: Request, metadata: dict[str, Json], content_type: str | None) -> Writing:
    named = metadata.get("name", request.query_params.get("name"))
    if not isinstance(named, str) or not named:
        raise Refused(400, "Required", "required", ("parameter", "name"))
    stated = metadata.get("contentType", content_type)
    custom = metadata.get("metadata", {})
    writing = Writing(
        bucket=request.path_params["bucket"],
        name=named,
        content_type=str(stated or "application/octet-stream"),
        metadata=custom if isinstance(custom, dict) else {},
        md5=_text(metadata.get("md5Hash")),
        crc32c=_text(metadata.get("crc32c")),
        conditions={
            name: value for name, value in request.query_params.items() if name in CONDITIONS
        },
    )
    return _with_hash(writing, request.headers.get("x-goog-hash", ""))


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _with_hash(writing: Writing, header: str) -> Writing:
    """`X-Goog-Hash: crc32c=...,md5=...` beside or instead of the metadata."""
    stated = dict(part.strip().split("=", 1) for part in header.split(",") if "=" in part)
    return Writing(
        bucket=writing.bucket,
        name=writing.name,
        content_type=writing.content_type,
        metadata=writing.metadata,
        md5=stated.get("md5", writing.md5),
        crc32c=stated.get("crc32c", writing.crc32c),
        conditions=writing.conditions,
    )
