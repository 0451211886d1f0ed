"""Looks at a gateway that starts: whether it leads, or waits for nothing but market time."""

from __future__ import annotations

from dataclasses import dataclass

from tests.sandbox.conductor import Conductor
from tests.sandbox.loopback import answers
from tests.sandbox.processes import Child

_QUIET_LOOKS = 15
"""So often in a row nothing is seen to work in a gateway that waits for market time alone."""
_WON = b'"gateway_leading"'


@dataclass
class GatewayLooks:
    """Looks at one gateway, one after another.

    Attributes:
        child: Its process.
        port: Of its probes.
        conductor: Tells whether anybody works.
        log_from: Where its own words begin in the log, bytes.
    """

    child: Child
    port: int
    conductor: Conductor
    log_from: int = 0
    quiet: int = 0

    async def is_up(self) -> bool:
        """Tell whether it leads; also once it is dead, for then it waits for nothing more.

        A leader may need market time before it has tried every login (what it takes over wants
        two looks), and after the close it waits for the next session: then it is up as soon as
        it has won the lease and nobody works.
        """
        if self.child.process.returncode is not None:
            return True
        has_won = _WON in self.child.log_path.read_bytes()[self.log_from :]
        self.quiet = self.quiet + 1 if has_won and self.conductor.is_quiet() else 0
        if self.quiet >= _QUIET_LOOKS:
            return True
        return await answers(self.port, "/leading")
