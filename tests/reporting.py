"""A reporting desk over documents and files in memory: an issued month, its reports and mails."""

from __future__ import annotations

from datetime import UTC, datetime

from shared.adapters.firestore.billing import FirestoreBilling
from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.daily_pnl import FirestoreDailyPnl
from shared.adapters.firestore.fills import FirestoreFills
from shared.adapters.firestore.followers import FirestoreFollowers
from shared.adapters.firestore.outbox import FirestoreOutbox
from shared.adapters.firestore.payees import FirestorePayees
from shared.adapters.firestore.report_runs import FirestoreReportRuns
from shared.adapters.firestore.reports import FirestoreReports
from shared.adapters.firestore.settings_book import FirestoreSettings
from shared.adapters.mail_texts import JinjaMailTexts
from shared.adapters.session_table import session_table
from shared.domain.brand import BrandSettings
from shared.domain.followers import FollowerId
from shared.domain.monthly_report import MonthlyReport
from shared.domain.months import Month
from shared.domain.payees import Payee
from shared.domain.reports import Report, monthly_report_id
from shared.use_cases.make_links import LinkTerms
from shared.use_cases.send_commission_mail import (
    CommissionMailPorts,
    CommissionMailSent,
    send_commission_mail,
)
from shared.use_cases.send_mail import MailPorts
from shared.use_cases.send_monthly_mail import (
    MonthlyMailPorts,
    MonthlyMailSent,
    send_monthly_mail,
)
from shared.use_cases.write_monthly_reports import (
    MonthlyReportPorts,
    MonthlyReportsWritten,
    Share,
    write_monthly_reports,
)
from tests.billing import BillingDesk
from tests.fakes.files import InMemoryFiles
from tests.fakes.mail import RecordingMailer
from tests.months import NOVEMBER, a_month, terms

LINK_KEY = "a key of at least thirty-two bytes"
MACHINE_NOW = datetime(2026, 12, 2, 12, 31, tzinfo=UTC)


class PlainRenderer:
    """Writes the figures' hash and whose they are; enough where no file is looked at."""

    content_type = "application/pdf"

    def __init__(self, extension: str = "pdf") -> None:
        self.extension = extension
        self.rendered: list[FollowerId] = []

    def render(
        self,
        report: MonthlyReport,
        *,
        figures_sha256: str,
        brand: BrandSettings,
        logo: bytes | None,
    ) -> bytes:
        self.rendered.append(report.follower_id)
        return f"{brand.name} {report.follower_id} {figures_sha256} {logo!r}".encode()


class ReportingDesk(BillingDesk):
    """Anna, Berta and Carla had an issued November of 100, -20 and 30 USD."""

    def __init__(self) -> None:
        super().__init__()
        self.files = InMemoryFiles()
        self.mailer = RecordingMailer()
        self.renderer = PlainRenderer()
        for who, net in (("anna", "100"), ("berta", "-20"), ("carla", "30")):
            self.agree(who, terms())
            self.roll_up(a_month(net, who=who))
            self.write_to(who, f"{who}@example.com")
        self.issue()
        self.put("settings/alerts", {"telegram_chat_ids": [], "emails": ["ops@example.com"]})

    def write_to(self, who: str, email: str, *, iban: str = "") -> None:
        payee = Payee(follower_id=FollowerId(who), email=email, iban=iban)
        self.put(f"followers_private/{who}", encode(payee))

    def report(
        self, month: str = NOVEMBER, *, index: int = 0, count: int = 1, only: str | None = None
    ) -> MonthlyReportsWritten:
        return write_monthly_reports(
            MonthlyReportPorts(
                clock=self.clock,
                table=session_table(),
                followers=FirestoreFollowers(self.documents),
                payees=FirestorePayees(self.documents),
                daily_pnl=FirestoreDailyPnl(self.documents),
                monthly_pnl=self.months,
                fills=FirestoreFills(self.documents),
                statements=self.statements,
                renderers=(self.renderer,),
                files=self.files,
                reports=self.reports,
                runs=FirestoreReportRuns(self.documents),
                alarm=self.alarm,
                brand=BrandSettings(),
            ),
            month=Month(month),
            share=Share(index=index, count=count),
            only=None if only is None else FollowerId(only),
        )

    @property
    def reports(self) -> FirestoreReports:
        return FirestoreReports(self.documents)

    def report_of(self, who: str, month: str = NOVEMBER) -> Report:
        found = self.reports.get(monthly_report_id(Month(month), FollowerId(who)))
        assert found is not None
        return found

    def mail_month(self) -> MonthlyMailSent:
        return send_monthly_mail(
            MonthlyMailPorts(
                clock=self.clock,
                reports=self.reports,
                statements=self.statements,
                monthly_pnl=self.months,
                payees=FirestorePayees(self.documents),
                mail_texts=JinjaMailTexts(),
                mail=self._mail(),
                links=self.links(),
                alarm=self.alarm,
                contact="help@spreadpilot.example",
            ),
            month=NOVEMBER,
        )

    def mail_commissions(self) -> CommissionMailSent:
        return send_commission_mail(
            CommissionMailPorts(
                clock=self.clock,
                statements=self.statements,
                payees=FirestorePayees(self.documents),
                billing=FirestoreBilling(self.documents),
                settings=FirestoreSettings(self.documents),
                mail_texts=JinjaMailTexts(),
                mail=self._mail(),
                alarm=self.alarm,
                contact="help@spreadpilot.example",
            )
        )

    def links(self) -> LinkTerms:
        return LinkTerms(
            key=LINK_KEY,
            base_url="https://app.spreadpilot.example/r",
            hours=24,
            machine_now=lambda: MACHINE_NOW,
        )

    def _mail(self) -> MailPorts:
        return MailPorts(
            clock=self.clock,
            outbox=FirestoreOutbox(self.documents),
            mailer=self.mailer,
            sleep=lambda _: None,
            monotonic=lambda: 0.0,
        )
