"""Services outside: the sheet, Telegram, mail, files, jobs, the broker's statements, rates."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.repositories import Repositories
from shared.config import (
    FlexSettings,
    FxSettings,
    JobSettings,
    MessageSettings,
    ReportSettings,
    SheetSettings,
)

if TYPE_CHECKING:
    from shared.ports.bank_answers import BankAnswers
    from shared.ports.bank_details import BankDetails
    from shared.ports.broker_statements import BrokerStatements
    from shared.ports.chat import Messenger
    from shared.ports.direct_debit import DirectDebitFile
    from shared.ports.files import FileStore
    from shared.ports.job_runner import JobRunner
    from shared.ports.mail import Mailer
    from shared.ports.mail_texts import MailTexts
    from shared.ports.reference_rates import ReferenceRates
    from shared.ports.sheet import LeaderSheet
    from shared.use_cases.send_mail import MailPorts


class Outside(Repositories):
    """Adapters of services that are not ours."""

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
    def mail(self) -> MailPorts:
        """What sending a mail once takes; it is patient by machine time."""
        import time

        from shared.use_cases.send_mail import MailPorts

        return MailPorts(
            clock=self.clock,
            outbox=self.outbox,
            mailer=self.mailer,
            sleep=time.sleep,
            monotonic=time.monotonic,
        )

    @cached_property
    def mail_texts(self) -> MailTexts:
        """How our mails read."""
        from shared.adapters.mail_texts import JinjaMailTexts

        return JinjaMailTexts()

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
    def reference_rates(self) -> ReferenceRates:
        """The European Central Bank's reference rates."""
        from shared.adapters.ecb import EcbReferenceRates

        return EcbReferenceRates(base_url=self.settings(FxSettings).ecb_base_url)

    @cached_property
    def broker_statements(self) -> BrokerStatements:
        """The broker's own statements."""
        from shared.adapters.flex import FlexStatements

        settings = self.settings(FlexSettings)
        return FlexStatements(
            secrets=self.secrets,
            user_agent=settings.flex_user_agent,
            base_url=settings.flex_base_url,
        )

    @cached_property
    def bank_details(self) -> BankDetails:
        """Checks of IBANs and BICs."""
        from shared.adapters.bank_details import RegisteredBankDetails

        return RegisteredBankDetails()

    @cached_property
    def direct_debits(self) -> DirectDebitFile:
        """Files of direct debits."""
        from shared.adapters.sepa import SepaDirectDebits

        return SepaDirectDebits()

    @cached_property
    def bank_answers(self) -> BankAnswers:
        """The bank's answers."""
        from shared.adapters.bank_answers import BankFiles

        return BankFiles()
