"""The gateway as in production on shifted real time: `python -m tests.bench.gateway_process ...`.

At its end it writes what it measured of itself as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

from gateway.__main__ import serve
from gateway.composition import Seams
from shared.config import CoreSettings, GatewaySettings, read_settings
from shared.ports.documents import AsyncDocuments
from tests.bench.counted_documents import CountedDocuments
from tests.bench.shifted_clock import ShiftedClock


async def _serve(shift_seconds: float) -> CountedDocuments:
    read = read_settings(os.environ, CoreSettings, GatewaySettings)
    clock = ShiftedClock(shift_seconds)
    counted: list[CountedDocuments] = []

    def count(documents: AsyncDocuments) -> AsyncDocuments:
        counted.append(CountedDocuments(documents, clock))
        return counted[0]

    seams = Seams(documents=count)
    await serve(clock, read.of(CoreSettings), read.of(GatewaySettings), lambda _: None, seams)
    return counted[0]


def main(arguments: Sequence[str]) -> int:
    """Serve until told to stop, then write the figures."""
    shift_seconds, figures = arguments
    counted = asyncio.run(_serve(float(shift_seconds)))
    told = {
        "released_at": {key: at.isoformat() for key, at in counted.released_at.items()},
        "reads": dict(counted.reads),
        "writes": dict(counted.writes),
        "round_trips": counted.round_trips,
        "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    Path(figures).write_text(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
