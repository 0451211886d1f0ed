"""The broker's simulator as a process of the sandbox, on held market time."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from gateway.simulator import ConfigError, QuotesFileError, Simulator, SimulatorConfig, read_config
from shared.adapters.held_clock_async import AsyncHeldClock, run_held

RANK = 0
"""The market moves before anybody looks at it."""


async def _serve(config: SimulatorConfig, clock: AsyncHeldClock) -> None:
    simulator = Simulator(config, clock)
    clock.count_traffic(simulator.traffic)
    await simulator.start()
    try:
        ready = {"ports": simulator.ports, "control_url": simulator.control_url}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        await simulator.run()
    finally:
        await simulator.stop()


def main(arguments: list[str]) -> int:
    """Run until killed; 2 where configuration or quotes cannot be used."""
    address, config_path = arguments
    try:
        config = read_config(Path(config_path))

        async def held(clock: AsyncHeldClock) -> None:
            await _serve(config, clock)

        run_held(address, held, name="simulator", rank=RANK)
    except (ConfigError, QuotesFileError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except asyncio.CancelledError:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
