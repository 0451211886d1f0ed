"""What every other adapter is built from: settings, clock, database, topics, secrets."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from shared.config import CoreSettings, Settings, read_settings

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

    from shared.domain.sessions import SessionTable
    from shared.ports.alarm import Alarm
    from shared.ports.clock import Clock
    from shared.ports.documents import Documents
    from shared.ports.publisher import Publisher
    from shared.ports.secret_store import SecretStore

S = TypeVar("S", bound=Settings)


class Foundation:
    """What everything else is built from.

    Args:
        groups: Settings this runtime needs beside the core; all are checked now, together.

    Raises:
        InvalidSettings: Listing every missing or wrong setting.
    """

    def __init__(self, *groups: type[Settings]) -> None:
        self._settings = read_settings(os.environ, CoreSettings, *groups)

    def settings(self, group: type[S]) -> S:
        """Give a group of settings that was asked for at the start."""
        return self._settings.of(group)

    @property
    def core(self) -> CoreSettings:
        """The settings every runtime has."""
        return self.settings(CoreSettings)

    @cached_property
    def clock(self) -> Clock:
        """Market time: real, or held by the sandbox's conductor."""
        if self.core.market_clock:
            from shared.adapters.held_clock import HeldClock

            return HeldClock(self.core.market_clock, name=self.core.process_name)
        from shared.adapters.system_clock import SystemClock

        return SystemClock()

    @cached_property
    def session_table(self) -> SessionTable:
        """The calendar of sessions."""
        from shared.adapters.session_table import session_table

        return session_table()

    @cached_property
    def credentials(self) -> Credentials:
        """Google's default credentials, or the sandbox's token."""
        if self.core.sandbox_token:
            from google.oauth2.credentials import Credentials as TokenCredentials

            make: Callable[..., Credentials] = TokenCredentials
            return make(token=self.core.sandbox_token)
        import google.auth

        found, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
        return found

    @cached_property
    def documents(self) -> Documents:
        """The database."""
        from shared.adapters.firestore.clients import firestore_client
        from shared.adapters.firestore.documents import FirestoreDocuments

        core = self.core
        return FirestoreDocuments(
            firestore_client(
                core.google_cloud_project,
                core.firestore_database,
                emulator_host=core.firestore_emulator_host or None,
            )
        )

    @cached_property
    def publisher(self) -> Publisher:
        """Pub/Sub."""
        from shared.adapters.pubsub import PubsubPublisher

        return PubsubPublisher(self.core.google_cloud_project)

    @cached_property
    def alarm(self) -> Alarm:
        """Raises alerts."""
        from shared.adapters.alarm import PubsubAlarm

        return PubsubAlarm(self.publisher, self.core.alerts_topic)

    @cached_property
    def secrets(self) -> SecretStore:
        """Secret Manager."""
        from shared.adapters.secret_manager import GoogleSecretStore

        core = self.core
        return GoogleSecretStore(
            core.google_cloud_project, address=core.secret_manager_address or None
        )
