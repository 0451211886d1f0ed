"""The gateway: `python -m gateway`. Wins its shard's lease, then leads session after session."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable

from gateway.composition import NO_SEAMS, Seams, build_parts
from gateway.leading import lead_for_ever, shadow_for_ever
from gateway.probes import serve_probes
from shared.adapters.held_clock_async import AsyncHeldClock, run_held
from shared.adapters.json_log import log_error, log_event
from shared.adapters.system_clock import AsyncSystemClock
from shared.config import CoreSettings, GatewayMode, GatewaySettings, read_settings
from shared.domain.errors import InvalidSettings
from shared.ports.clock import AsyncClock

RANK = 1
"""Woken after the broker's simulator and before everything that reads what we write."""


async def serve(
    clock: AsyncClock,
    core: CoreSettings,
    settings: GatewaySettings,
    count_traffic: Callable[[Callable[[], tuple[int, int]]], None],
    seams: Seams = NO_SEAMS,
) -> None:
    """Stand by for the lease, then lead until deposed or told to stop."""
    parts = build_parts(clock, core, settings, count_traffic, seams)
    probes = await serve_probes(
        settings.health_port, is_alive=parts.is_alive, is_leading=parts.started.is_set
    )
    stopping = parts.stopping
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    is_shadow = settings.gateway_mode is GatewayMode.SHADOW
    work = shadow_for_ever(parts) if is_shadow else lead_for_ever(parts)
    leading = asyncio.create_task(work)
    stopped = asyncio.create_task(stopping.wait())
    await asyncio.wait({leading, stopped}, return_when=asyncio.FIRST_COMPLETED)
    leading.cancel()
    stopped.cancel()
    try:
        await leading
    except asyncio.CancelledError:
        log_event("gateway_stopping")
    finally:
        await parts.close()
        probes.close()


def run(core: CoreSettings, settings: GatewaySettings) -> None:
    """Run on real time, or on the sandbox's held market time."""
    if not core.market_clock:
        asyncio.run(serve(AsyncSystemClock(), core, settings, lambda _: None))
        return

    async def held(clock: AsyncHeldClock) -> None:
        await serve(clock, core, settings, clock.count_traffic)

    run_held(core.market_clock, held, name=core.process_name, rank=RANK)


def main() -> int:
    """Run until told to stop; 2 for wrong settings, 1 for any other end but an orderly one."""
    try:
        read = read_settings(os.environ, CoreSettings, GatewaySettings)
        run(read.of(CoreSettings), read.of(GatewaySettings))
    except InvalidSettings as error:
        log_error("settings_invalid", error)
        return 2
    except Exception as error:
        log_error("gateway_stopped", error)
        raise SystemExit(1) from error
    return 0


if __name__ == "__main__":
    sys.exit(main())
