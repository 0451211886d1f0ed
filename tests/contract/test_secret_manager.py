"""Secret Manager: the stand-in against the real service's answers, and our adapter on it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import google_crc32c
import grpc
import pytest
from google.cloud.secretmanager_v1.types import service as api

from shared.adapters.secret_manager import GoogleSecretStore
from shared.domain.errors import AdapterError, NotFound
from tests.sandbox.rpc import Method, RpcFault, RpcRow, RpcService, check_rpc, serve_rpc
from tests.sandbox.secret_manager import SERVICE, SecretManager
from tests.sandbox.secret_manager_conformance import PROJECT_ID, ROWS

_NOW = datetime(2026, 3, 2, 14, 27, tzinfo=UTC)
_VALUE = "sesame-open-up"


def _stand_in() -> SecretManager:
    return SecretManager(PROJECT_ID, lambda: _NOW)


def _with_store(
    service: RpcService,
    body: Callable[[GoogleSecretStore], None],
    monotonic: Callable[[], float] = lambda: 0.0,
) -> None:
    """Run synchronous code with an adapter that talks to a served stand-in."""

    async def run() -> None:
        address, shutdown = await serve_rpc(service)
        store = GoogleSecretStore(
            PROJECT_ID, address=address, patience_seconds=0.3, monotonic=monotonic
        )
        try:
            await asyncio.to_thread(body, store)
        finally:
            store.close()
            await shutdown()

    asyncio.run(run())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_stand_in_answers_like_the_service(row: RpcRow) -> None:
    async def run() -> None:
        service = _stand_in().service()
        address, shutdown = await serve_rpc(service)
        await check_rpc(row, service, address)
        await shutdown()

    asyncio.run(run())


def test_the_adapter_reads_the_latest_version() -> None:
    secrets = _stand_in()
    secrets.put("key", "older")
    secrets.put("key", _VALUE)

    def body(store: GoogleSecretStore) -> None:
        assert store.read("key") == _VALUE

    _with_store(secrets.service(), body)


def test_a_value_is_kept_for_five_minutes() -> None:
    secrets = _stand_in()
    secrets.put("key", "before")
    times = [0.0]

    def body(store: GoogleSecretStore) -> None:
        assert store.read("key") == "before"
        secrets.put("key", "after")
        times[0] = 299.0
        assert store.read("key") == "before"
        times[0] = 300.0
        assert store.read("key") == "after"

    _with_store(secrets.service(), body, lambda: times[0])


def test_a_missing_secret_is_our_not_found() -> None:
    def body(store: GoogleSecretStore) -> None:
        with pytest.raises(NotFound, match="not found or has no versions"):
            store.read("key")

    _with_store(_stand_in().service(), body)


def test_a_value_that_is_not_text_is_refused_without_showing_it() -> None:
    service = _tampered(b"\xff" + _VALUE.encode(), None)

    def body(store: GoogleSecretStore) -> None:
        with pytest.raises(AdapterError, match="not UTF-8") as raised:
            store.read("key")
        assert raised.value.__context__ is None
        assert _VALUE not in repr(raised.value) + str(raised.value) + repr(store)

    _with_store(service, body)


def test_a_damaged_value_is_refused_and_may_be_asked_for_again() -> None:
    service = _tampered(_VALUE.encode(), 1)

    def body(store: GoogleSecretStore) -> None:
        with pytest.raises(AdapterError, match="damaged") as raised:
            store.read("key")
        assert raised.value.retryable
        assert _VALUE not in str(raised.value)

    _with_store(service, body)


def test_an_outage_may_be_asked_again_and_is_given_up_in_time() -> None:
    async def overloaded(
        _request: api.AccessSecretVersionRequest,
    ) -> api.AccessSecretVersionResponse:
        raise RpcFault(grpc.StatusCode.RESOURCE_EXHAUSTED, "Quota exceeded")

    def body(store: GoogleSecretStore) -> None:
        with pytest.raises(AdapterError) as raised:
            store.read("key")
        assert raised.value.retryable

    _with_store(_only_access(overloaded), body)


def _tampered(data: bytes, crc32c: int | None) -> RpcService:
    """A server that answers every read with these bytes and checksum (None: the right one)."""

    async def access(_request: api.AccessSecretVersionRequest) -> api.AccessSecretVersionResponse:
        checksum = google_crc32c.value(data) if crc32c is None else crc32c
        return api.AccessSecretVersionResponse(payload={"data": data, "data_crc32c": checksum})

    return _only_access(access)


def _only_access(
    handle: Callable[[api.AccessSecretVersionRequest], Awaitable[api.AccessSecretVersionResponse]],
) -> RpcService:
    method = Method(
        asks=api.AccessSecretVersionRequest, answers=api.AccessSecretVersionResponse, handle=handle
    )
    return RpcService(name=SERVICE, methods={"AccessSecretVersion": method})
