"""Google API errors, translated into ours."""

from __future__ import annotations

from google.api_core.exceptions import (
    AlreadyExists,
    GoogleAPICallError,
    GoogleAPIError,
    InternalServerError,
    ServerError,
    TooManyRequests,
)
from google.api_core.exceptions import NotFound as GoogleNotFound

from shared.domain.errors import AdapterError, Conflict, NotFound


def translate(service: str, error: GoogleAPIError) -> AdapterError:
    """Return the error of ours that says what a Google client library raised.

    A deadline, an overload and everything that is the server's fault may go away by itself
    (https://cloud.google.com/apis/design/errors, "Retrying errors"); the rest does not.

    Args:
        service: Name to report ("pubsub", "secret manager").
        error: What the library raised; a RetryError stands for the error it gave up on.
    """
    cause = getattr(error, "cause", None)
    final = cause if isinstance(cause, GoogleAPICallError) else error
    message = final.message if isinstance(final, GoogleAPICallError) else str(final)
    if isinstance(final, GoogleNotFound):
        return NotFound(service, message)
    if isinstance(final, AlreadyExists):
        return Conflict(service, message)
    call_error = isinstance(final, GoogleAPICallError)
    is_passing = isinstance(final, ServerError | TooManyRequests | InternalServerError)
    return AdapterError(service, message, retryable=is_passing or not call_error)
