"""A stand-in for IBKR's Flex Web Service, version 3: SendRequest and GetStatement, strictly.

`PUT /_sandbox/statements/{token}/{query}` puts in one session's statement as JSON (the form is in
`flex_rendering`), beside those of other sessions. A queued failure with a status from 1001 on is
that error code, in the service's own words; any other is an HTTP status.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from xml.sax.saxutils import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.sandbox.control import Control, Failure, Json
from tests.sandbox.flex_rendering import render

SANDBOX_FLEX_TOKENS = frozenset({"610021845379204116355823"})
PATH = "/AccountManagement/FlexWebService"
# https://www.ibkrguides.com/clientportal/performanceandstatements/flex3error.htm; 1025 is not in
# that table, and is quoted by clients that met it.
MESSAGES = {
    1001: "Statement could not be generated at this time. Please try again shortly.",
    1003: "Statement is not available.",
    1004: "Statement is incomplete at this time. Please try again shortly.",
    1005: "Settlement data is not ready at this time. Please try again shortly.",
    1006: "FIFO P/L data is not ready at this time. Please try again shortly.",
    1007: "MTM P/L data is not ready at this time. Please try again shortly.",
    1008: "MTM and FIFO P/L data is not ready at this time. Please try again shortly.",
    1009: "The server is under heavy load. Statement could not be generated at this time. "
    "Please try again shortly.",
    1010: "Legacy Flex Queries are no longer supported. Please convert over to Activity Flex.",
    1011: "Service account is inactive.",
    1012: "Token has expired.",
    1013: "IP restriction.",
    1014: "Query is invalid.",
    1015: "Token is invalid.",
    1016: "Account in invalid.",
    1017: "Reference code is invalid.",
    1018: "Too many requests have been made from this token. Please try again shortly.",
    1019: "Statement generation in progress. Please try again shortly.",
    1020: "Invalid request or unable to validate request.",
    1021: "Statement could not be retrieved at this time. Please try again shortly.",
    1025: "Too many failed attempts. Please review your configuration.",
}
_WARNINGS = frozenset({1019})
# "Limited to one request per second, 10 requests per minute (per token)", same page.
_SECOND, _MINUTE, _MOST_A_MINUTE = 1.0, 60.0, 10
_DAY = re.compile(r"\d{8}")


class _Refused(Exception):
    """An error code to answer with."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


@dataclass(kw_only=True, slots=True)
class _Asked:
    """A statement that is being made, for one token."""

    token: str
    body: bytes
    looks_left: int


class _Flex:
    def __init__(
        self,
        tokens: frozenset[str],
        expired_tokens: frozenset[str],
        looks: int,
        monotonic: Callable[[], float],
    ) -> None:
        self._tokens = tokens
        self._expired_tokens = expired_tokens
        self._looks = looks
        self._monotonic = monotonic
        self._statements: dict[tuple[str, str], dict[str, dict[str, Json]]] = {}
        self._asked: dict[str, _Asked] = {}
        self._times: dict[str, deque[float]] = {}
        self.control = Control(self._forget)

    def _forget(self) -> None:
        self._statements.clear()
        self._asked.clear()
        self._times.clear()

    async def put(self, request: Request) -> Response:
        """Put in one session's statement."""
        token, query = request.path_params["token"], request.path_params["query"]
        if token not in self._tokens:
            return Response("no such token", status_code=404)
        document: dict[str, Json] = await request.json()
        render(document)
        sessions = self._statements.setdefault((token, query), {})
        sessions[str(document["session_date"]).replace("-", "")] = document
        return Response(status_code=204)

    async def send_request(self, request: Request) -> Response:
        token, query = self._checked(request)
        sessions = self._statements.get((token, query))
        if sessions is None:
            raise _Refused(1014)
        document = sessions.get(_session(request, newest=max(sessions)))
        if document is None:
            raise _Refused(1003)
        name = f"{token}/{query}/{len(self._asked)}"
        code = str(int(hashlib.sha256(name.encode()).hexdigest()[:12], 16))
        self._asked[code] = _Asked(token=token, body=render(document), looks_left=self._looks)
        url = escape(f"{request.url.scheme}://{request.url.netloc}{PATH}/GetStatement")
        return _answer(
            f"<Status>Success</Status>\n<ReferenceCode>{code}</ReferenceCode>\n<Url>{url}</Url>"
        )

    async def get_statement(self, request: Request) -> Response:
        """Hand over a statement once it is made; the same code may be used again."""
        token, code = self._checked(request)
        asked = self._asked.get(code)
        if asked is None or asked.token != token:
            raise _Refused(1017)
        if asked.looks_left > 0:
            asked.looks_left -= 1
            return error(1019)
        return Response(asked.body, media_type="text/xml")

    def _checked(self, request: Request) -> tuple[str, str]:
        """Token and query or reference code of a request that may be answered."""
        token, asked = request.query_params.get("t", ""), request.query_params.get("q", "")
        if not request.headers.get("user-agent") or not token or not asked:
            raise _Refused(1020)
        if request.query_params.get("v") != "3":
            raise _Refused(1001)
        if token in self._expired_tokens:
            raise _Refused(1012)
        if token not in self._tokens:
            raise _Refused(1015)
        self._check_rate(token)
        return token, asked

    def _check_rate(self, token: str) -> None:
        now, times = self._monotonic(), self._times.setdefault(token, deque())
        while times and now - times[0] >= _MINUTE:
            times.popleft()
        if len(times) >= _MOST_A_MINUTE or (times and now - times[-1] < _SECOND):
            raise _Refused(1018)
        times.append(now)


def _session(request: Request, *, newest: str) -> str:
    """The day asked for: a period of one day, or without one the newest."""
    first, last = (request.query_params.get(name, "") for name in ("fd", "td"))
    if not first and not last:
        return newest
    if not _DAY.fullmatch(first) or first != last:
        raise _Refused(1020)
    return first


def create_app(
    *,
    tokens: frozenset[str] = SANDBOX_FLEX_TOKENS,
    expired_tokens: frozenset[str] = frozenset(),
    looks: int = 1,
    monotonic: Callable[[], float] = time.monotonic,
) -> Starlette:
    """The stand-in; a statement is in progress for `looks` looks. `monotonic` is machine time."""
    service = _Flex(tokens, expired_tokens, looks, monotonic)
    guarded = service.control.guarded
    return Starlette(
        routes=[
            Route(f"{PATH}/SendRequest", guarded(service.send_request, failed), methods=["GET"]),
            Route(f"{PATH}/GetStatement", guarded(service.get_statement, failed), methods=["GET"]),
            Route("/_sandbox/statements/{token}/{query}", service.put, methods=["PUT"]),
            *service.control.routes(),
        ],
        exception_handlers={_Refused: _refused},
    )


async def _refused(_request: Request, refused: Exception) -> Response:
    return error(refused.code if isinstance(refused, _Refused) else 1020)


def failed(failure: Failure) -> Response:
    """A queued failure: an error code of the service, or an HTTP status."""
    if failure.status in MESSAGES:
        return error(failure.status)
    return Response("<html><body>Error</body></html>", status_code=failure.status)


def error(code: int) -> Response:
    """An error code, which the service answers with HTTP 200."""
    status = "Warn" if code in _WARNINGS else "Fail"
    return _answer(
        f"<Status>{status}</Status>\n<ErrorCode>{code}</ErrorCode>\n"
        f"<ErrorMessage>{escape(MESSAGES[code])}</ErrorMessage>"
    )


def _answer(inner: str) -> Response:
    body = (
        "<FlexStatementResponse timestamp='28 November, 2026 07:30 AM EST'>\n"
        f"{inner}\n</FlexStatementResponse>\n"
    )
    return Response(body, media_type="text/xml")
