"""Connections to Firestore, made once per process and passed in.

The generated client is used rather than the hand-written one on top of it: it takes a time-out
on every call, those that begin and commit a transaction included.
"""

from __future__ import annotations

from dataclasses import dataclass

import grpc
from google.cloud.firestore_v1.services.firestore import FirestoreAsyncClient, FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import (
    FirestoreGrpcAsyncIOTransport,
    FirestoreGrpcTransport,
)

DEFAULT_DATABASE = "(default)"

_UNBOUNDED_MESSAGES = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
)
"""As the client library has it: an answer to a query may be larger than gRPC's 4 MiB."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A blocking client and the database it works on.

    Attributes:
        api: The generated client.
        transport: Its channel.
        root: `projects/…/databases/…/documents`.
        metadata: Sent with every call.
    """

    api: FirestoreClient
    transport: FirestoreGrpcTransport
    root: str
    metadata: tuple[tuple[str, str], ...]

    def close(self) -> None:
        """Close its channel."""
        self.transport.grpc_channel.close()


@dataclass(frozen=True, slots=True)
class AsyncConnection:
    """An asyncio client and the database it works on; see `Connection`."""

    api: FirestoreAsyncClient
    transport: FirestoreGrpcAsyncIOTransport
    root: str
    metadata: tuple[tuple[str, str], ...]

    async def close(self) -> None:
        """Close its channel."""
        await self.transport.grpc_channel.close()


def firestore_client(
    project: str, database: str = DEFAULT_DATABASE, *, emulator_host: str | None
) -> Connection:
    """Connect, with the credentials of the environment, or to an emulator with none.

    Args:
        project: Google Cloud project.
        database: Database id.
        emulator_host: `host:port` (the value of FIRESTORE_EMULATOR_HOST); None in the cloud.
    """
    if emulator_host:
        channel = grpc.insecure_channel(emulator_host, options=_UNBOUNDED_MESSAGES)
        transport = FirestoreGrpcTransport(channel=channel)
    else:
        transport = FirestoreGrpcTransport()
    return Connection(
        FirestoreClient(transport=transport),
        transport,
        _root(project, database),
        _metadata(project, database, emulator_host),
    )


def async_firestore_client(
    project: str, database: str = DEFAULT_DATABASE, *, emulator_host: str | None
) -> AsyncConnection:
    """Connect from the running event loop; arguments as `firestore_client`."""
    if emulator_host:
        channel = grpc.aio.insecure_channel(emulator_host, options=_UNBOUNDED_MESSAGES)
        transport = FirestoreGrpcAsyncIOTransport(channel=channel)
    else:
        transport = FirestoreGrpcAsyncIOTransport()
    return AsyncConnection(
        FirestoreAsyncClient(transport=transport),
        transport,
        _root(project, database),
        _metadata(project, database, emulator_host),
    )


def _root(project: str, database: str) -> str:
    return f"projects/{project}/databases/{database}/documents"


def _metadata(
    project: str, database: str, emulator_host: str | None
) -> tuple[tuple[str, str], ...]:
    prefix = ("google-cloud-resource-prefix", f"projects/{project}/databases/{database}")
    # To the emulator "owner" means: past the security rules, as a service account is.
    return (prefix, ("authorization", "Bearer owner")) if emulator_host else (prefix,)
