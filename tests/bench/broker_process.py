"""The simulator on shifted real time: `python -m tests.bench.broker_process CONFIG SHIFT`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from gateway.simulator import Simulator, read_config
from tests.bench.shifted_clock import ShiftedClock


async def _serve(config: Path, shift_seconds: float) -> None:
    simulator = Simulator(read_config(config), ShiftedClock(shift_seconds))
    await simulator.start()
    try:
        ready = {"ports": simulator.ports, "control_url": simulator.control_url}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        await simulator.run()
    finally:
        await simulator.stop()


def main(arguments: Sequence[str]) -> int:
    """Run until killed."""
    config, shift_seconds = arguments
    asyncio.run(_serve(Path(config), float(shift_seconds)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
