"""Figures written in one exact way, so that the same figures have the same hash."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from shared.domain.money import ZERO

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def canonical_json(figures: DataclassInstance, *, leave_out: Collection[str] = ()) -> str:
    """Write figures with sorted keys, decimals as plain text and instants in UTC.

    Args:
        figures: A dataclass.
        leave_out: Dotted paths of fields that are no figures.
    """
    written = asdict(figures)
    for path in leave_out:
        *parents, name = path.split(".")
        inner = written
        for parent in parents:
            inner = inner[parent]
        del inner[name]
    return json.dumps(
        written, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_canonical
    )


def _canonical(value: object) -> str:
    match value:
        case Decimal():
            # Adding zero turns -0 into 0; 1.50 and 1.5 are one figure and must hash alike.
            return f"{value.normalize() + ZERO:f}"
        case datetime():
            return value.astimezone(UTC).isoformat()
        case _:
            raise TypeError(f"{type(value).__name__} has no canonical form")
