"""The simulator by itself, on wall time: a paper broker beside a staging gateway.

    python -m gateway.simulator --config FILE [--quotes CSV] [--state FILE]

It prints one line of JSON with the port of each login and the address of the control API, then
serves until SIGTERM or Ctrl-C. A setting that cannot be used is named on standard error with what
belongs there, and the exit code is 2.

A configuration for some weeks of weekdays, with two logins on fixed ports, one of them an
advisor's (all keys: ``read_config``; the layout of the table: ``session_table``)::

    {"seed": 7, "ticker": "QQQ", "spot": "600.00", "host": "0.0.0.0", "control_port": 7000,
     "session_table": "session_table.json",
     "first_session": "2026-11-23", "last_session": "2026-12-31",
     "state_file": "broker.json", "exercise": "after_close",
     "daily_restart": {"at": "23:45", "restart_seconds": 90, "sunday_logout": true},
     "logins": [
       {"login_id": "one", "port": 7001, "accounts": [{"account_id": "DU1", "cash": "100000.00"}]},
       {"login_id": "many", "port": 7002, "advisor_account": "DF1", "accounts": [
         {"account_id": "DU2", "cash": "50000.00"}, {"account_id": "DU3", "cash": "75000.00"}]}]}

Clients connect as to an IB Gateway: plain TCP, any client id, no password; keep the ports private.
The control API stays on the loopback interface unless ``control_host`` says otherwise. It shows the
broker's book (``GET /state``), arms faults, assigns options, enters orders by hand and logs in
after a Sunday; see ``control``. Put ``state_file`` on a disk that outlives the process: orders,
positions, cash and used order ids are taken up again, and what fell due meanwhile is done first.
With ``--quotes`` the market is a recorded one (columns: ``replay``), otherwise it is modelled from
the seed. What is answered to which request, and how we know: conformance.md.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import signal
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
    parser.add_argument("--state", type=Path, help="file that keeps the book over restarts")
    options = parser.parse_args(arguments)
    try:
        config = read_config(options.config)
        config = replace(
            config,
            quotes_file=options.quotes or config.quotes_file,
            state_file=options.state or config.state_file,
        )
        with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
            asyncio.run(_serve(config))
    except (ConfigError, QuotesFileError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


async def _serve(config: SimulatorConfig) -> None:
    simulator = Simulator(config, WallClock())
    serving = asyncio.current_task()
    if serving is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, serving.cancel)
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
