"""One JSON line per event on standard output, as Cloud Logging reads it."""

from __future__ import annotations

import json
import re
import sys
import traceback

_SECRET_NAMES = re.compile(r"token|secret|password|authorization|api_?key|iban", re.IGNORECASE)
_SECRET_SHAPES = re.compile(
    r"SG\.[\w-]{16,}|\d{8,10}:[\w-]{35}|Bearer\s+\S+|-----BEGIN[^-]*PRIVATE KEY.*", re.DOTALL
)


def log_event(event: str, *, severity: str = "INFO", **fields: object) -> None:
    """Write one event.

    Args:
        event: Its name, a few words joined by underscores.
        severity: Cloud Logging severity.
        **fields: Ids and figures; values under secret-looking names are redacted.
    """
    line: dict[str, object] = {"severity": severity, "event": event, "message": event}
    line.update({name: _shown(name, value) for name, value in fields.items()})
    sys.stdout.write(json.dumps(line, default=str, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def log_error(event: str, error: BaseException, **fields: object) -> None:
    """Write one failure with its stack trace."""
    trace = "".join(traceback.format_exception(error))
    log_event(event, severity="ERROR", error=redact(str(error)), trace=redact(trace), **fields)


def redact(text: str) -> str:
    """Take what looks like a secret out of a text."""
    return _SECRET_SHAPES.sub("[redacted]", text)


def _shown(name: str, value: object) -> object:
    if name != "fencing_token" and _SECRET_NAMES.search(name):
        return "[redacted]"
    return redact(value) if isinstance(value, str) else value
