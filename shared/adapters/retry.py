"""Retries for calls that may be repeated safely."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import tenacity

from shared.domain.errors import AdapterError

_ATTEMPTS = 3
_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 5.0

Answer = TypeVar("Answer")


def repeat_safely(call: Callable[[], Answer], *, sleep: Callable[[float], None]) -> Answer:
    """Make a repeatable call, again after a retryable failure: three times at most.

    Waits 0.5 s, then 1 s. A failure for which the service asked more than 5 s of patience is not
    repeated here: the caller decides whether it has that long.

    Args:
        call: A read, or a write that may land twice.
        sleep: Waits the given seconds of machine time.

    Raises:
        AdapterError: The last failure.
    """
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(_is_worth_repeating),
        stop=tenacity.stop_after_attempt(_ATTEMPTS),
        wait=tenacity.wait_exponential(multiplier=_FIRST_WAIT_SECONDS, max=_LONGEST_WAIT_SECONDS),
        sleep=sleep,
        reraise=True,
    )
    return retrying(call)


def _is_worth_repeating(error: BaseException) -> bool:
    if not isinstance(error, AdapterError) or not error.retryable:
        return False
    asked_seconds = error.retry_after_seconds
    return asked_seconds is None or asked_seconds <= _LONGEST_WAIT_SECONDS
