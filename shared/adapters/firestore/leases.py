"""Leadership: `leases/gateway-{shard}` and `leases/gateway-{shard}-heartbeat`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.records import read, replacement
from shared.domain.errors import Conflict
from shared.ports.documents import AsyncDocuments, Increment, Snapshot, Update, Write
from shared.ports.leases import Heartbeat, LeaseGrant


@dataclass(frozen=True, kw_only=True, slots=True)
class _Lease:
    """The lease: written only when leadership changes."""

    holder: str
    token: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Beats:
    """The heartbeat: the token in it makes the first beat of a grant differ from any before."""

    token: int
    beat: int = 0


class FirestoreLeases:
    """`Leases` in a document database."""

    def __init__(self, documents: AsyncDocuments) -> None:
        self._documents = documents

    async def look(self, shard: int) -> Heartbeat | None:
        """Read lease and heartbeat; None where the shard never had a leader."""
        return _seen(await self._documents.get_many(_paths(shard)))

    async def take(self, shard: int, holder: str, *, seen: Heartbeat | None) -> LeaseGrant | None:
        """Take the lease if it still stands as seen; None where somebody was faster."""
        token = 1 if seen is None else seen.token + 1
        lease_at, heartbeat_at = _paths(shard)

        def decide(snapshots: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], bool]:
            if _seen(snapshots) != seen:
                return (), False
            return (
                replacement(lease_at, _Lease(holder=holder, token=token)),
                replacement(heartbeat_at, _Beats(token=token)),
            ), True

        taken, versions = await self._documents.transact_with_versions(
            (lease_at, heartbeat_at), decide
        )
        if not taken:
            return None
        return LeaseGrant(shard=shard, holder=holder, token=token, heartbeat_version=versions[1])

    async def renew(self, grant: LeaseGrant) -> LeaseGrant:
        """Renew the heartbeat; Conflict where somebody else has taken the lease."""
        _, heartbeat_at = _paths(grant.shard)
        beat = Update(
            path=heartbeat_at, fields={"beat": Increment(1)}, if_version=grant.heartbeat_version
        )
        (version,) = await self._documents.commit([beat])
        return replace(grant, heartbeat_version=version)

    async def give_back(self, grant: LeaseGrant) -> None:
        """Clear the holder; a no-op where the lease is not ours."""
        lease_at = lease_path(grant.shard)
        ours = _Lease(holder=grant.holder, token=grant.token)

        def decide(snapshots: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], None]:
            (lease,) = snapshots
            if lease is None or read(_Lease, lease) != ours:
                return (), None
            return [Update(path=lease_at, fields=encode(replace(ours, holder="")))], None

        await self._documents.transact([lease_at], decide)


def lease_path(shard: int) -> str:
    """Name the lease of a shard."""
    return f"leases/gateway-{shard}"


def require_token(lease: Snapshot | None, token: int) -> None:
    """Go on only under the lease.

    Raises:
        Conflict: The lease does not hold this fencing token.
    """
    held = None if lease is None else read(_Lease, lease).token
    if held != token:
        raise Conflict("firestore", f"the lease holds token {held}, not ours, {token}")


def _paths(shard: int) -> tuple[str, str]:
    return lease_path(shard), f"{lease_path(shard)}-heartbeat"


def _seen(snapshots: Sequence[Snapshot | None]) -> Heartbeat | None:
    lease, heartbeat = snapshots
    if lease is None:
        return None
    held = read(_Lease, lease)
    version = "" if heartbeat is None else heartbeat.version
    return Heartbeat(holder=held.holder, token=held.token, version=version)
