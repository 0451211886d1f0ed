"""Commands: `commands/{ulid}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from shared.adapters.firestore.leases import lease_path, require_token
from shared.adapters.firestore.records import read
from shared.domain.commands import (
    Command,
    CommandEnd,
    CommandId,
    CommandState,
    CommandVerb,
    MalformedCommand,
    standing_holds,
)
from shared.domain.errors import InvalidInput, NotFound
from shared.ports.documents import AsyncDocuments, Filter, Query, Snapshot, Update, Write

_ASKED = Query(collection="commands", filters=(Filter("state", "==", CommandState.ASKED.value),))
_SWITCHES = Query(
    collection="commands",
    filters=(
        Filter("state", "==", CommandState.DONE.value),
        Filter("verb", "in", (CommandVerb.HOLD.value, CommandVerb.RELEASE.value)),
    ),
)


class AsyncFirestoreCommands:
    """`Commands` in a document database."""

    def __init__(self, documents: AsyncDocuments) -> None:
        self._documents = documents

    async def asked(self, shard: int) -> tuple[Command | MalformedCommand, ...]:
        """Read what is asked of a shard and not finished, in id order."""
        found = await self._documents.find(_ASKED)
        return tuple(_read(one) for one in found if _shard_of(one.data) == shard)

    async def standing_holds(self, shard: int) -> tuple[Command, ...]:
        """Read the holds of a shard's logins that were done and not released since, by login."""
        found = [_read(one) for one in await self._documents.find(_SWITCHES)]
        ours = [one for one in found if isinstance(one, Command) and one.shard == shard]
        return standing_holds(ours)

    async def finish(
        self, command_id: CommandId, end: CommandEnd, *, at: datetime, shard: int, token: int
    ) -> bool:
        """Finish a command with one conditional write under our token; see `Commands`."""
        path = f"commands/{command_id}"

        def decide(found: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], bool]:
            lease, command = found
            require_token(lease, token)
            if command is None:
                raise NotFound("firestore", f"there is no command {command_id}")
            if command.data.get("state") != CommandState.ASKED.value:
                return (), False
            fields = {
                "state": end.state.value,
                "reason": end.reason,
                "finished_at": at,
                "fencing_token": token,
            }
            return [Update(path=path, fields=fields)], True

        return await self._documents.transact([lease_path(shard), path], decide)


def _shard_of(data: Mapping[str, object]) -> int:
    """The shard a document is for; 0 where it does not say."""
    shard = data.get("shard")
    return shard if type(shard) is int else 0


def _read(snapshot: Snapshot) -> Command | MalformedCommand:
    document_id = CommandId(snapshot.document_id)
    try:
        command = read(Command, snapshot)
    except InvalidInput as error:
        return MalformedCommand(command_id=document_id, fault=str(error))
    if command.command_id != document_id:
        return MalformedCommand(command_id=document_id, fault="command_id: is not the document's")
    return command
