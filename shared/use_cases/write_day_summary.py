"""Write a session's daily summary: figures, files under their hash, one switch, one mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.alert_routing import AlertRecipients
from shared.domain.day_summary import DaySummary, figures_sha256, summarize_day
from shared.domain.errors import AdapterError
from shared.domain.mail_fields import DaySummaryFields, MailText
from shared.domain.outbox import MailKind, outbox_id_of
from shared.domain.report_link import link_nonce
from shared.domain.reports import Report, ReportFile, daily_report_id, succeeding
from shared.domain.sessions import Session, SessionTable
from shared.ports.alerts import AlertLog
from shared.ports.daily_pnl import DailyPnlBook
from shared.ports.day_summary_renderer import DaySummaryRenderer
from shared.ports.files import FileStore, StoredFile
from shared.ports.followers import Followers
from shared.ports.mail_texts import MailTexts
from shared.ports.orders import PlannedOrders
from shared.ports.reports import Reports
from shared.ports.sessions import Sessions
from shared.ports.settings_book import SettingsBook
from shared.use_cases.make_links import LinkTerms, make_links
from shared.use_cases.send_mail import MailPorts, OutgoingMail, Sending, send_mail
from shared.use_cases.store_report_file import store_report_file

_SHORT_HASH = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class SummaryPorts:
    """What a daily summary reads and writes."""

    table: SessionTable
    sessions: Sessions
    daily_pnl: DailyPnlBook
    orders: PlannedOrders
    followers: Followers
    alerts: AlertLog
    settings: SettingsBook
    renderers: Sequence[DaySummaryRenderer]
    files: FileStore
    reports: Reports
    mail_texts: MailTexts
    mail: MailPorts
    links: LinkTerms


@dataclass(frozen=True, kw_only=True, slots=True)
class SummaryWritten:
    """What was done.

    Attributes:
        report: The report as it stands; None on a date without a session.
        mailed: Mails accepted by this call.
        unconfirmed: Mails whose answer was lost; never sent again by guess.
    """

    report: Report | None = None
    mailed: int = 0
    unconfirmed: int = 0


def write_day_summary(ports: SummaryPorts, *, session_date: str) -> SummaryWritten:
    """Write a session's summary and send the admins a link to it.

    - Files lie under the hash of the figures they show; then one write makes them the report.
    - The same figures again write nothing and mail nobody. New figures make a new version, which
      ends the links to the old one; its files are kept.
    - Each admin gets one mail per version.

    Args:
        ports: What it takes.
        session_date: ISO date.

    Raises:
        InvalidInput: The date is malformed or outside the session table.
        AdapterError: A service failed; doing it again goes on where it stopped.
    """
    session = ports.table.session_on(session_date)
    if session is None:
        return SummaryWritten()
    summary = _collect(ports, session)
    report = _current_version(ports, summary)
    return _mail_links(ports, summary, report)


def _collect(ports: SummaryPorts, session: Session) -> DaySummary:
    date = session.session_date
    return summarize_day(
        session=session,
        record=ports.sessions.read(date),
        days=ports.daily_pnl.of_session(date),
        orders=ports.orders.of_session(date),
        names={one.follower_id: one.name for one in ports.followers.all()},
        alerts=ports.alerts.of_session(date),
    )


def _current_version(ports: SummaryPorts, summary: DaySummary) -> Report:
    report_id = daily_report_id(summary.session_date)
    digest = figures_sha256(summary)
    current = ports.reports.get(report_id)
    if current is not None and current.figures_sha256 == digest:
        return current
    made = Report(
        report_id=report_id,
        period=summary.session_date,
        figures_sha256=digest,
        as_of=summary.as_of,
        files=tuple(_stored(ports.files, one, summary, digest) for one in ports.renderers),
        link_nonce=link_nonce(report_id, digest, revocations=current.revocations if current else 0),
    )
    report = succeeding(made, current)
    ports.reports.switch_to(report)
    return report


def _stored(
    files: FileStore, renderer: DaySummaryRenderer, summary: DaySummary, digest: str
) -> ReportFile:
    folder = f"daily/{summary.session_date}/{digest[:_SHORT_HASH]}"
    return store_report_file(
        files,
        StoredFile(
            name=f"{folder}/summary.{renderer.extension}",
            content_type=renderer.content_type,
            data=renderer.render(summary, figures_sha256=digest),
        ),
    )


def _mail_links(ports: SummaryPorts, summary: DaySummary, report: Report) -> SummaryWritten:
    recipients: AlertRecipients = ports.settings.alert_recipients()
    outcomes: list[Sending] = []
    refusals: list[AdapterError] = []
    content = _content(ports, summary, report)
    for address in recipients.emails:
        try:
            outcomes.append(send_mail(_mail(content, report, address), ports.mail))
        except AdapterError as error:
            refusals.append(error)
    if refusals:
        raise AdapterError(
            "mail",
            f"{len(refusals)} of {len(recipients.emails)} not accepted: {refusals[0]}",
            retryable=any(error.retryable for error in refusals),
        )
    return SummaryWritten(
        report=report,
        mailed=outcomes.count(Sending.SENT),
        unconfirmed=outcomes.count(Sending.UNCONFIRMED),
    )


def _content(ports: SummaryPorts, summary: DaySummary, report: Report) -> MailText:
    return ports.mail_texts.compose(
        MailKind.DAY_SUMMARY,
        DaySummaryFields(
            summary=summary, links=make_links(report, ports.links), link_hours=ports.links.hours
        ),
    )


def _mail(content: MailText, report: Report, address: str) -> OutgoingMail:
    return OutgoingMail(
        outbox_id=outbox_id_of(report.report_id, report.figures_sha256, address),
        to=address,
        content=content,
        kind=MailKind.DAY_SUMMARY,
        about=report.report_id,
        period=report.period,
    )
