"""Composition root: builds each adapter lazily, once, from settings.

Every adapter is imported where it is built, so that a function pays only for what it uses.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from shared.config import (
    CoreSettings,
    JobSettings,
    MessageSettings,
    ReportSettings,
    Settings,
    SheetSettings,
    read_settings,
)

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

    from shared.domain.sessions import SessionTable
    from shared.ports.alarm import Alarm
    from shared.ports.alert_deliveries import AlertDeliveries
    from shared.ports.alerts import AlertLog
    from shared.ports.boards import BoardReader
    from shared.ports.chat import Messenger
    from shared.ports.clock import Clock
    from shared.ports.daily_pnl import DailyPnlBook
    from shared.ports.documents import Documents
    from shared.ports.files import FileStore
    from shared.ports.fills import FillReader
    from shared.ports.followers import Followers
    from shared.ports.job_runner import JobRunner
    from shared.ports.mail import Mailer
    from shared.ports.marks import Marks
    from shared.ports.orders import PlannedOrders
    from shared.ports.outbox import Outbox
    from shared.ports.positions import PositionReader
    from shared.ports.publisher import Publisher
    from shared.ports.quotes import QuoteReader
    from shared.ports.reports import Reports
    from shared.ports.secret_store import SecretStore
    from shared.ports.sessions import Sessions
    from shared.ports.settings_book import SettingsBook
    from shared.ports.sheet import LeaderSheet
    from shared.ports.signals import Signals

S = TypeVar("S", bound=Settings)


class Services:
    """Everything a function or job may use, each built at its first use.

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

    @cached_property
    def sheet(self) -> LeaderSheet:
        """The leader sheet."""
        from shared.adapters.sheets import GoogleLeaderSheet

        settings = self.settings(SheetSettings)
        return GoogleLeaderSheet(
            spreadsheet_id=settings.sheet_id,
            credentials=self.credentials,
            reader_email=settings.sheet_reader_email,
            worksheet_title=settings.sheet_tab or None,
            base_url=settings.sheets_base_url,
        )

    @cached_property
    def messenger(self) -> Messenger:
        """Telegram."""
        from shared.adapters.telegram import TelegramMessenger

        settings = self.settings(MessageSettings)
        token = self.secrets.read(settings.telegram_secret)
        return TelegramMessenger(token=token, base_url=settings.telegram_base_url)

    @cached_property
    def mailer(self) -> Mailer:
        """SendGrid."""
        from shared.adapters.sendgrid import SendGridMailer

        settings = self.settings(MessageSettings)
        return SendGridMailer(
            api_key=self.secrets.read(settings.sendgrid_secret),
            sender_email=settings.mail_from,
            sender_name="SpreadPilot",
            base_url=settings.sendgrid_base_url,
        )

    @cached_property
    def files(self) -> FileStore:
        """The reports bucket."""
        from shared.adapters.cloud_storage import CloudStorageFiles

        settings = self.settings(ReportSettings)
        return CloudStorageFiles(
            bucket=settings.reports_bucket,
            project=self.core.google_cloud_project,
            credentials=self.credentials,
            service_account_email=settings.signing_account,
            base_url=settings.storage_base_url,
            iam_credentials_url=settings.iam_credentials_base_url,
        )

    @cached_property
    def job_runner(self) -> JobRunner:
        """Cloud Run jobs."""
        from shared.adapters.cloud_run import CloudRunJobs

        settings = self.settings(JobSettings)
        return CloudRunJobs(
            project_id=self.core.google_cloud_project,
            location=settings.region,
            credentials=self.credentials,
            base_url=settings.run_base_url,
        )

    @cached_property
    def sessions(self) -> Sessions:
        """Session documents."""
        from shared.adapters.firestore.sessions import FirestoreSessions

        return FirestoreSessions(self.documents)

    @cached_property
    def signals(self) -> Signals:
        """Signals."""
        from shared.adapters.firestore.signals import FirestoreSignals

        return FirestoreSignals(self.documents)

    @cached_property
    def followers(self) -> Followers:
        """Followers and logins."""
        from shared.adapters.firestore.followers import FirestoreFollowers

        return FirestoreFollowers(self.documents)

    @cached_property
    def settings_book(self) -> SettingsBook:
        """Settings that admins may change."""
        from shared.adapters.firestore.settings_book import FirestoreSettings

        return FirestoreSettings(self.documents)

    @cached_property
    def orders(self) -> PlannedOrders:
        """Orders, for planning and reading."""
        from shared.adapters.firestore.orders import FirestorePlannedOrders

        return FirestorePlannedOrders(self.documents)

    @cached_property
    def fills(self) -> FillReader:
        """Fills."""
        from shared.adapters.firestore.fills import FirestoreFills

        return FirestoreFills(self.documents)

    @cached_property
    def positions(self) -> PositionReader:
        """Positions."""
        from shared.adapters.firestore.positions import FirestorePositions

        return FirestorePositions(self.documents)

    @cached_property
    def boards(self) -> BoardReader:
        """Boards."""
        from shared.adapters.firestore.boards import FirestoreBoards

        return FirestoreBoards(self.documents)

    @cached_property
    def quotes(self) -> QuoteReader:
        """Quotes."""
        from shared.adapters.firestore.quotes import FirestoreQuotes

        return FirestoreQuotes(self.documents)

    @cached_property
    def marks(self) -> Marks:
        """Marks."""
        from shared.adapters.firestore.marks import FirestoreMarks

        return FirestoreMarks(self.documents)

    @cached_property
    def daily_pnl(self) -> DailyPnlBook:
        """Daily roll-ups."""
        from shared.adapters.firestore.daily_pnl import FirestoreDailyPnl

        return FirestoreDailyPnl(self.documents)

    @cached_property
    def alerts(self) -> AlertLog:
        """Recorded alerts."""
        from shared.adapters.firestore.alerts import FirestoreAlertLog

        return FirestoreAlertLog(self.documents)

    @cached_property
    def alert_deliveries(self) -> AlertDeliveries:
        """What became of alerts, by channel."""
        from shared.adapters.firestore.alert_deliveries import FirestoreAlertDeliveries

        return FirestoreAlertDeliveries(self.documents)

    @cached_property
    def outbox(self) -> Outbox:
        """Mails on their way out."""
        from shared.adapters.firestore.outbox import FirestoreOutbox

        return FirestoreOutbox(self.documents)

    @cached_property
    def reports(self) -> Reports:
        """Report documents."""
        from shared.adapters.firestore.reports import FirestoreReports

        return FirestoreReports(self.documents)
