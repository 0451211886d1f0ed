"""A shadow as it is composed in production, beside a simulator: it reads, and that is all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from gateway.composition import Seams, build_parts
from gateway.leading import shadow_for_ever
from shared.adapters.firestore.codec import encode
from shared.config import CoreSettings, GatewaySettings, read_settings
from shared.domain.errors import InvalidSettings
from shared.domain.followers import Login, LoginId
from shared.ports.documents import Replace, Snapshot, Write
from tests.builders import SESSION_DATE, a_follower
from tests.contract.records import RECORD
from tests.contract.venues import START_AT, simulator_venue
from tests.fakes.documents import AsyncInMemoryDocuments
from tests.trading_worlds import SIGNAL

T = TypeVar("T")

ENVIRONMENT = {
    "ENVIRONMENT": "sandbox",
    "GOOGLE_CLOUD_PROJECT": "demo",
    "FIRESTORE_EMULATOR_HOST": "127.0.0.1:1",
    "GATEWAY_HOLDER": "shadow",
    "GATEWAY_MODE": "shadow",
}


class ReadOnly(AsyncInMemoryDocuments):
    """Documents that nobody may write once they are `frozen`."""

    frozen = False

    async def commit(self, writes: Sequence[Write]) -> tuple[str, ...]:
        assert not self.frozen
        return await super().commit(writes)

    async def transact_with_versions(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
    ) -> tuple[T, tuple[str, ...]]:
        assert not self.frozen
        return await super().transact_with_versions(paths, decide)


async def written(port: int) -> ReadOnly:
    documents = ReadOnly()
    login = Login(login_id=LoginId("login-1"), host="127.0.0.1", port=port, client_id=11)
    follower = replace(a_follower("anna"), login_id=login.login_id)
    record = replace(RECORD, active_signals={"QQQ": SIGNAL.signal_id})
    await documents.commit(
        [
            Replace(path="logins/login-1", data=encode(login)),
            Replace(path="followers/anna", data=encode(follower)),
            Replace(path=f"signals/{SIGNAL.signal_id}", data=encode(SIGNAL)),
            Replace(path=f"sessions/{SESSION_DATE}", data=encode(record)),
            Replace(path="settings/trading", data={"entry_cutoff": "09:31"}),
        ]
    )
    documents.frozen = True
    return documents


def test_a_shadow_prices_from_a_connection_of_its_own_and_leaves_no_trace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Google's library reads it by itself; without it, it asks for credentials.
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:1")

    async def story() -> None:
        async with simulator_venue(tmp_path) as venue:
            documents = await written(venue.simulator.ports["login-1"])
            read = read_settings(ENVIRONMENT, CoreSettings, GatewaySettings)
            parts = build_parts(
                venue.clock,
                read.of(CoreSettings),
                read.of(GatewaySettings),
                lambda _: None,
                Seams(documents=lambda _: documents),
            )
            assert venue.clock.now() == START_AT
            shadowing = asyncio.create_task(shadow_for_ever(parts))
            clients: set[int] = set()
            for _ in range(200):
                await asyncio.sleep(0.05)
                clients |= set(venue.simulator.logins["login-1"].clients)
                if "shadow_release" in capsys.readouterr().out:
                    break
                venue.clock.move_to(venue.clock.now() + timedelta(seconds=1))
            else:
                pytest.fail("nothing was released")
            assert clients == {211}
            assert not venue.simulator.logins["login-1"].book.orders
            assert parts.is_alive()
            shadowing.cancel()
            with suppress(asyncio.CancelledError):
                await shadowing
            await parts.connection.close()

    asyncio.run(story())


def test_the_mode_is_one_we_know() -> None:
    with pytest.raises(InvalidSettings, match="GATEWAY_MODE"):
        read_settings({**ENVIRONMENT, "GATEWAY_MODE": "real"}, CoreSettings, GatewaySettings)
