"""Commands: `commands/{ulid}`, asked by people, finished by the shard's leader."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from shared.domain.commands import Command, CommandEnd, CommandId, MalformedCommand


class Commands(Protocol):
    """Commands, for the gateway."""

    async def asked(self, shard: int) -> tuple[Command | MalformedCommand, ...]:
        """Read what is asked of a shard and not finished, in id order.

        What cannot be read as a command is given as malformed; where even its shard cannot be
        read, it is shard 0's.
        """

    async def standing_holds(self, shard: int) -> tuple[Command, ...]:
        """Read the holds of a shard's logins that were done and not released since, by login."""

    async def finish(
        self, command_id: CommandId, end: CommandEnd, *, at: datetime, shard: int, token: int
    ) -> bool:
        """Finish a command with one conditional write under our token.

        Returns:
            False where it was finished already: nothing was written.

        Raises:
            Conflict: If the lease does not hold our token.
            NotFound: If there is no such command.
        """
