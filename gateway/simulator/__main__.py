"""Run the simulator on wall time: ``python -m gateway.simulator --config FILE [--quotes CSV]``."""

import argparse
import asyncio
import contextlib
import json
import logging
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from gateway.simulator import ConfigError, QuotesFileError, Simulator, SimulatorConfig, read_config


class WallClock:
    """Market time that is wall time."""

    def now(self) -> datetime:
        """Return the present instant, aware UTC."""
        return datetime.fromtimestamp(time.time(), UTC)

    async def sleep_until(self, at: datetime) -> None:
        """Sleep until an instant; return at once if it is past."""
        await asyncio.sleep(max((at - self.now()).total_seconds(), 0.0))


def main(arguments: list[str]) -> int:
    """Run until interrupted; 2 if the configuration or the quotes cannot be used."""
    logging.basicConfig(level=logging.INFO)
    parser = argparse.ArgumentParser(prog="python -m gateway.simulator")
    parser.add_argument("--config", type=Path, required=True, help="JSON; see read_config")
    parser.add_argument("--quotes", type=Path, help="recorded quotes, instead of the model")
    options = parser.parse_args(arguments)
    try:
        config = read_config(options.config)
        if options.quotes is not None:
            config = replace(config, quotes_file=options.quotes)
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_serve(config))
    except (ConfigError, QuotesFileError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


async def _serve(config: SimulatorConfig) -> None:
    simulator = Simulator(config, WallClock())
    await simulator.start()
    try:
        ready = {"ports": simulator.ports, "control_url": simulator.control_url}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        await simulator.run()
    finally:
        await simulator.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
