"""Exchange rates: `fx_rates/{rate_date}`."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from shared.adapters.firestore.records import in_parts, read, read_all, replacement
from shared.domain.errors import Conflict
from shared.domain.fx import FxRate, RateSource, entered
from shared.ports.documents import Documents, Filter, Query, Snapshot, Write
from shared.ports.fx_rates import Publication

_COLLECTION = "fx_rates"


class FirestoreFxRates:
    """`FxRates` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def between(self, first: str, last: str) -> tuple[FxRate, ...]:
        """Read the rates of two ISO dates and the days between, oldest first."""
        # Two conditions on one field, in its order: the index every field has by itself.
        query = Query(
            collection=_COLLECTION,
            filters=(Filter("rate_date", ">=", first), Filter("rate_date", "<=", last)),
            order_by="rate_date",
        )
        return read_all(FxRate, self._documents.find(query))

    def publish(self, rates: Sequence[FxRate]) -> Publication:
        """Take the bank's rates in; see `FxRates.publish`."""
        written, kept, changed = 0, [], []
        for part in in_parts(rates):
            outcome = self._publish_part(part)
            written += len(outcome[0])
            kept += outcome[1]
            changed += outcome[2]
        if changed:
            raise Conflict(
                "fx rates",
                f"the bank now gives another rate for {', '.join(changed)} than it published; what"
                " was published stays, find out which is right",
            )
        return Publication(written=written, kept=tuple(kept))

    def enter(self, rate_date: str, ratio: Decimal, *, by: str) -> FxRate:
        """Record a person's word for a day's rate; see `FxRates.enter`."""

        def decide(stored: tuple[Snapshot | None, ...]) -> tuple[list[Write], FxRate]:
            before = None if stored[0] is None else read(FxRate, stored[0])
            rate = entered(before, rate_date, ratio, by=by)
            return ([] if rate == before else [replacement(_path(rate), rate)]), rate

        return self._documents.transact([f"{_COLLECTION}/{rate_date}"], decide)

    def _publish_part(self, rates: Sequence[FxRate]) -> tuple[list[str], list[str], list[str]]:
        def decide(
            stored: tuple[Snapshot | None, ...],
        ) -> tuple[list[Write], tuple[list[str], list[str], list[str]]]:
            writes: list[Write] = []
            written: list[str] = []
            kept: list[str] = []
            changed: list[str] = []
            for rate, snapshot in zip(rates, stored, strict=True):
                before = None if snapshot is None else read(FxRate, snapshot)
                if before == rate:
                    continue
                if before is None or _gives_way(before, rate):
                    writes.append(replacement(_path(rate), rate))
                    written.append(rate.rate_date)
                else:
                    (changed if before.source is RateSource.ECB else kept).append(rate.rate_date)
            return writes, (written, kept, changed)

        return self._documents.transact([_path(rate) for rate in rates], decide)


def _gives_way(before: FxRate, rate: FxRate) -> bool:
    if before.source is RateSource.ECB:
        return False
    return not before.is_usable or before.usd_per_eur_ratio == rate.usd_per_eur_ratio


def _path(rate: FxRate) -> str:
    return f"{_COLLECTION}/{rate.rate_date}"
