"""The emulators and stores that the contract tests share; every test has a project of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from shared.ports.documents import AsyncDocuments, Documents
from tests.contract.stores import Blocking, async_firestore_documents, firestore_documents
from tests.fakes.documents import AsyncInMemoryDocuments, InMemoryDocuments


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as one:
        yield one


@pytest.fixture(params=["memory", "firestore"])
def documents(request: pytest.FixtureRequest) -> Iterator[Documents]:
    if request.param == "memory":
        yield InMemoryDocuments()
        return
    address: str = request.getfixturevalue("firestore_address")
    with firestore_documents(address, request.node.nodeid) as store:
        yield store


@pytest.fixture(params=["memory", "firestore"])
def async_documents(
    request: pytest.FixtureRequest, runner: asyncio.Runner
) -> Iterator[AsyncDocuments]:
    if request.param == "memory":
        yield AsyncInMemoryDocuments()
        return
    address: str = request.getfixturevalue("firestore_address")
    with async_firestore_documents(address, request.node.nodeid, runner) as store:
        yield store


@pytest.fixture(params=["memory", "firestore", "async memory", "async firestore"])
def every_documents(request: pytest.FixtureRequest, runner: asyncio.Runner) -> Iterator[Documents]:
    address: str = (
        request.getfixturevalue("firestore_address") if "firestore" in request.param else ""
    )
    match request.param:
        case "memory":
            yield InMemoryDocuments()
        case "async memory":
            yield Blocking(AsyncInMemoryDocuments(), runner)
        case "firestore":
            with firestore_documents(address, request.node.nodeid) as store:
                yield store
        case _:
            with async_firestore_documents(address, request.node.nodeid, runner) as store:
                yield Blocking(store, runner)
