"""Who collects commissions, and when: `settings/billing`."""

from __future__ import annotations

from shared.adapters.firestore.records import read
from shared.domain.creditor import CreditorSettings
from shared.ports.documents import Documents

_PATH = "settings/billing"


class FirestoreBilling:
    """`Billing` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def creditor(self) -> CreditorSettings:
        """Read `settings/billing`; what is missing there has its default."""
        snapshot = self._documents.get(_PATH)
        return CreditorSettings() if snapshot is None else read(CreditorSettings, snapshot)
