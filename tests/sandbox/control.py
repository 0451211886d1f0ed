"""What every stand-in has beside its service's own interface: the `/_sandbox/` control routes.

- `POST /_sandbox/failures` `{"status": 503, "times": 2, "retry_after_seconds": 7}` queues failures;
  the next requests to the service get them, in the service's own wording.
- `GET /_sandbox/counters` counts the service's requests by method and path.
- `POST /_sandbox/reset` forgets everything the stand-in was told.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
Handler: TypeAlias = Callable[[Request], Awaitable[Response]]

SANDBOX_TOKENS = frozenset({"sandbox-token"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """One failure to answer with. `retry_after_seconds` is used where the service sends it."""

    status: int
    retry_after_seconds: int


class Control:
    """Queued failures and request counts of one stand-in."""

    def __init__(self, reset: Callable[[], None]) -> None:
        self._reset = reset
        self._failures: deque[Failure] = deque()
        self._counters: Counter[str] = Counter()

    def count(self, request: Request) -> Failure | None:
        """Counts a request to the service; returns the failure it has to get, if any."""
        self._counters[f"{request.method} {request.url.path}"] += 1
        return self._failures.popleft() if self._failures else None

    def guarded(self, handler: Handler, failed: Callable[[Failure], Response]) -> Handler:
        """Wraps a service's handler so that queued failures come before it."""

        async def answer(request: Request) -> Response:
            failure = self.count(request)
            return await handler(request) if failure is None else failed(failure)

        return answer

    def routes(self) -> list[Route]:
        """The control routes."""
        return [
            Route("/_sandbox/failures", self._queue, methods=["POST"]),
            Route("/_sandbox/counters", self._count, methods=["GET"]),
            Route("/_sandbox/reset", self._forget, methods=["POST"]),
        ]

    async def _queue(self, request: Request) -> Response:
        asked = await request.json()
        failure = Failure(
            status=int(asked["status"]),
            retry_after_seconds=int(asked.get("retry_after_seconds", 1)),
        )
        self._failures.extend([failure] * int(asked.get("times", 1)))
        return Response(status_code=204)

    async def _count(self, _request: Request) -> Response:
        return JSONResponse(dict(sorted(self._counters.items())))

    async def _forget(self, _request: Request) -> Response:
        self._failures.clear()
        self._counters.clear()
        self._reset()
        return Response(status_code=204)


def bearer_token(request: Request) -> str | None:
    """The bearer token a request carries, None without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" and token else None
