"""The stores of the gateway's tests: documents in memory and in the Firestore emulator."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from shared.ports.documents import AsyncDocuments
from tests.contract.stores import async_firestore_documents
from tests.fakes.documents import AsyncInMemoryDocuments


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as one:
        yield one


@pytest.fixture(params=["memory", "firestore"])
def documents(request: pytest.FixtureRequest, runner: asyncio.Runner) -> Iterator[AsyncDocuments]:
    if request.param == "memory":
        yield AsyncInMemoryDocuments()
        return
    address: str = request.getfixturevalue("firestore_address")
    with async_firestore_documents(address, request.node.nodeid, runner) as store:
        yield store
