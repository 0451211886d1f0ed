"""What holds for the whole suite: how Hypothesis searches, no float meets a Decimal, one set of
emulators. Their fixtures import only when they are asked for: unit tests do not pay for them."""

from __future__ import annotations

import decimal
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.functions.outside import Outside

# Every run searches anew; a failure prints the blob that repeats it, and pytest-randomly prints
# the seed of the order. `--hypothesis-profile=thorough` searches long.
settings.register_profile("ci", deadline=None, print_blob=True, max_examples=50)
settings.register_profile("quick", settings.get_profile("ci"), max_examples=15)
settings.register_profile("thorough", settings.get_profile("ci"), max_examples=2000)
settings.load_profile("ci")

# `Decimal(0.1)` and comparisons of Decimal with float raise, in threads to come and in this one.
decimal.DefaultContext.traps[decimal.FloatOperation] = True
decimal.getcontext().traps[decimal.FloatOperation] = True


@pytest.fixture(scope="session")
def firestore_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`host:port` of a Firestore emulator without rules."""
    from tests.sandbox.emulators import firestore_emulator, running

    with running(firestore_emulator, tmp_path_factory.mktemp("firestore")) as address:
        yield address


@pytest.fixture(scope="session")
def pubsub_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`host:port` of a Pub/Sub emulator."""
    from tests.sandbox.emulators import pubsub_emulator, running

    with running(pubsub_emulator, tmp_path_factory.mktemp("pubsub")) as address:
        yield address


@pytest.fixture(scope="session")
def stand_in_urls() -> Iterator[Mapping[str, str]]:
    """Base URLs of SendGrid, Telegram, Cloud Storage and IAM."""
    from tests.functions.outside import stand_ins

    with stand_ins() as urls:
        yield urls


@pytest.fixture
def world(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    firestore_address: str,
    pubsub_address: str,
    stand_in_urls: Mapping[str, str],
) -> Iterator[Outside]:
    """What functions and jobs run on: a project of the test's own, and stand-ins."""
    from tests.functions.outside import outside

    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub_address)
    with outside(
        request.node.nodeid,
        stand_in_urls,
        firestore_address=firestore_address,
        pubsub_address=pubsub_address,
    ) as made:
        yield made
