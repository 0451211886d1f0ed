"""How Firestore is called: time-outs, what is tried again, and what its errors mean to us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from google.api_core import exceptions
from google.api_core.retry import AsyncRetry, Retry, if_exception_type

from shared.domain.errors import AdapterError, Conflict, NotFound

TIMEOUT_SECONDS: Final = 10.0
ROLLBACK_TIMEOUT_SECONDS: Final = 2.0

_SERVICE = "firestore"
_BUSY = if_exception_type(exceptions.Aborted)
_AWAY = if_exception_type(exceptions.ServiceUnavailable)

# A commit that was aborted has certainly not been applied, so it may run again; one that ended
# otherwise may have been, so it may not.
COMMIT_RETRY = Retry(predicate=_BUSY, initial=0.05, maximum=0.5, timeout=TIMEOUT_SECONDS)
ASYNC_COMMIT_RETRY = AsyncRetry(predicate=_BUSY, initial=0.05, maximum=0.5, timeout=TIMEOUT_SECONDS)
READ_RETRY = Retry(predicate=_AWAY, initial=0.1, maximum=1.0, timeout=5.0)
ASYNC_READ_RETRY = AsyncRetry(predicate=_AWAY, initial=0.1, maximum=1.0, timeout=5.0)

_TEMPORARY = (exceptions.ServerError, exceptions.TooManyRequests, exceptions.Cancelled)


@contextmanager
def our_errors(*, preconditions: bool) -> Iterator[None]:
    """Turn Firestore's errors into ours.

    Args:
        preconditions: True around a commit, where FAILED_PRECONDITION means that a version did
            not hold; elsewhere it means a missing index.
    """
    try:
        yield
    except exceptions.GoogleAPIError as error:
        raise _translated(error, preconditions=preconditions) from error


def _translated(error: exceptions.GoogleAPIError, *, preconditions: bool) -> AdapterError:
    cause = error.cause if isinstance(error, exceptions.RetryError) else error
    message = f"{type(cause).__name__}: {cause}"
    match cause:
        case exceptions.Aborted() | exceptions.AlreadyExists():
            return Conflict(_SERVICE, message)
        case exceptions.FailedPrecondition() if preconditions:
            return Conflict(_SERVICE, message)
        case exceptions.NotFound():
            return NotFound(_SERVICE, message)
        case _:
            return AdapterError(_SERVICE, message, retryable=isinstance(cause, _TEMPORARY))
