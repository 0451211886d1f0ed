"""Days on which a leader makes one mistake."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shared.ports.broker import Broker
from shared.ports.documents import AsyncDocuments
from tests.crash.in_memory import Dies, MortalWorld
from tests.fakes.broker import FakeBroker

Documents = Callable[[AsyncDocuments], AsyncDocuments]
Brokers = Callable[[Broker], Broker]


class MistakenWorld(MortalWorld):
    """A world with wrong parts.

    Args:
        market: Decides the market.
        deaths: Where its leaders die.
        seed: Decides how long nobody leads.
        documents: Put before the database, anew for every leader.
        broker: Put before every login's connection.
        unkind: The broker itself.
    """

    def __init__(
        self,
        market: int,
        deaths: Sequence[Dies],
        seed: int = 0,
        *,
        documents: Documents = lambda documents: documents,
        broker: Brokers = lambda broker: broker,
        unkind: type[FakeBroker] = FakeBroker,
    ) -> None:
        self._mistaken_documents = documents
        self._mistaken_broker = broker
        self._unkind = unkind
        self._database: AsyncDocuments | None = None
        super().__init__(market, deaths, seed)

    def make_brokers(self) -> None:
        super().make_brokers()
        for name in self.names:
            self.brokers[name] = self._unkind(
                f"login-{name}",
                [f"DU-{name}"],
                self.market,
                now=self.clock.now,
                book=self.books[name],
            )

    async def lead(self, holder: str = "one") -> None:
        self._database = None
        await super().lead(holder)

    def database(self) -> AsyncDocuments:
        if self._database is None:
            self._database = self._mistaken_documents(super().database())
        return self._database

    def carried(self, broker: FakeBroker) -> Broker:
        return self._mistaken_broker(super().carried(broker))
