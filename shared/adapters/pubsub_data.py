"""What our messages carry: one JSON object, as UTF-8."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

JsonObject = Mapping[str, object]


def encode_data(data: JsonObject) -> bytes:
    """Write a message's data; equal data give equal bytes.

    Raises:
        TypeError: If a value has no JSON form.
        ValueError: If a number is NaN or infinite.
    """
    return json.dumps(
        data, allow_nan=False, ensure_ascii=False, separators=(",", ":"), sort_keys=True
    ).encode()


def decode_object(payload: bytes) -> JsonObject | None:
    """Read a JSON object; None for anything else, including NaN and numbers beyond a float."""
    try:
        value: object = json.loads(
            payload.decode(), parse_constant=_refuse, parse_float=_finite_float
        )
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refuse(constant: str) -> float:
    raise ValueError(constant)


def _finite_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value
