"""Requests to the IB Gateway: each in its turn, each answered in time or given up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from gateway.logins.pacer import Pacer, Urgency
from shared.domain.errors import AdapterError
from shared.domain.followers import LoginId

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeouts:
    """Machine seconds that broker calls may take, their wait for a turn not counted."""

    connect_seconds: float = 15.0
    request_seconds: float = 10.0
    heartbeat_seconds: float = 5.0


class BrokerRefusal(AdapterError):
    """IBKR refused a request.

    Args:
        code: IBKR's code.
        message: IBKR's words.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__("ibkr", f"{code}: {message}", retryable=True)
        self.code = code
        self.message = f"{code}: {message}"


class Requests:
    """Makes the requests of one login.

    Args:
        login_id: Whose.
        pacer: Gives each its turn.
        within_seconds: How long an answer may take where nothing else is said.
        read_refusal: Reads the client library's own error of a refused request; None for any
            other error.
    """

    def __init__(
        self,
        login_id: LoginId,
        pacer: Pacer,
        within_seconds: float,
        read_refusal: Callable[[Exception], BrokerRefusal | None],
    ) -> None:
        self._login_id = login_id
        self._pacer = pacer
        self._within_seconds = within_seconds
        self._read_refusal = read_refusal

    async def ask(self, call: Callable[[], Awaitable[T]], within_seconds: float | None = None) -> T:
        """Make one request, of one message, and wait for its answer.

        Raises:
            BrokerRefusal: If IBKR refused it.
            AdapterError: If it was not answered in time, or there is no connection.
        """
        await self._pacer.turn(Urgency.REQUEST)
        try:
            async with asyncio.timeout(within_seconds or self._within_seconds):
                return await call()
        except (TimeoutError, ConnectionError) as error:
            words = f"login {self._login_id} did not answer"
            raise AdapterError("ibkr", words, retryable=True) from error
        except Exception as error:
            refusal = self._read_refusal(error)
            if refusal is None:
                raise
            raise refusal from error
