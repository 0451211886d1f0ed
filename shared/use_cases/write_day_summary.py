"""Write a session's daily summary: figures, files under their hash, one switch, one mail."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.alert_routing import AlertRecipients
from shared.domain.day_summary import DaySummary, figures_sha256, summarize_day
from shared.domain.day_summary_mail import FileLink, SummaryMail, summary_mail
from shared.domain.errors import AdapterError, Conflict
from shared.domain.report_link import ReportLink, link_nonce, sign_link
from shared.domain.reports import Report, ReportFile, daily_report_id
from shared.domain.sessions import Session, SessionTable
from shared.ports.alerts import AlertLog
from shared.ports.clock import Clock
from shared.ports.daily_pnl import DailyPnlBook
from shared.ports.day_summary_renderer import DaySummaryRenderer
from shared.ports.files import FileStore, StoredFile
from shared.ports.followers import Followers
from shared.ports.mail import Mail, Mailer, MailUnconfirmed
from shared.ports.orders import PlannedOrders
from shared.ports.outbox import Outbox, OutboxRow
from shared.ports.reports import Reports
from shared.ports.sessions import Sessions
from shared.ports.settings_book import SettingsBook

PDF = "application/pdf"
_SHORT_HASH = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkTerms:
    """How links to the files are made.

    Attributes:
        key: The key they are signed with.
        base_url: What they start with; the token follows after `#`.
        hours: How long they work.
        machine_now: Real UTC, for their end.
    """

    key: str
    base_url: str
    hours: int
    machine_now: Callable[[], datetime]


@dataclass(frozen=True, kw_only=True, slots=True)
class SummaryPorts:
    """What a daily summary reads and writes."""

    clock: Clock
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
    outbox: Outbox
    mailer: Mailer
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
    report = Report(
        report_id=report_id,
        session_date=summary.session_date,
        figures_sha256=digest,
        as_of=summary.as_of,
        files=tuple(_stored(ports.files, one, summary, digest) for one in ports.renderers),
        link_nonce=link_nonce(report_id, digest),
    )
    ports.reports.switch_to(report)
    return report


def _stored(
    files: FileStore, renderer: DaySummaryRenderer, summary: DaySummary, digest: str
) -> ReportFile:
    folder = f"daily/{summary.session_date}/{digest[:_SHORT_HASH]}"
    name = f"{folder}/summary.{renderer.extension}"
    data = renderer.render(summary, figures_sha256=digest)
    try:
        files.put(
            StoredFile(name=name, content_type=renderer.content_type, data=data), if_absent=True
        )
    except Conflict:
        # An earlier release laid the same figures out in another way; what is issued stays.
        data = files.get(name)
    return ReportFile(
        name=name,
        content_type=renderer.content_type,
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _mail_links(ports: SummaryPorts, summary: DaySummary, report: Report) -> SummaryWritten:
    recipients: AlertRecipients = ports.settings.alert_recipients()
    mailed = unconfirmed = 0
    refusals: list[AdapterError] = []
    mail = summary_mail(summary, _links(ports.links, report), hours=ports.links.hours)
    for address in recipients.emails:
        try:
            mailed += _mail_once(ports, mail, report, address)
        except MailUnconfirmed:
            unconfirmed += 1
        except AdapterError as error:
            refusals.append(error)
    if refusals:
        raise AdapterError(
            "mail",
            f"{len(refusals)} of {len(recipients.emails)} not accepted: {refusals[0]}",
            retryable=any(error.retryable for error in refusals),
        )
    return SummaryWritten(report=report, mailed=mailed, unconfirmed=unconfirmed)


def _mail_once(ports: SummaryPorts, mail: SummaryMail, report: Report, address: str) -> int:
    person = hashlib.sha256(address.encode()).hexdigest()[:8]
    outbox_id = f"{report.report_id}~{report.figures_sha256[:_SHORT_HASH]}~{person}"
    row = OutboxRow(
        outbox_id=outbox_id, to=address, subject=mail.subject, claimed_at=ports.clock.now()
    )
    if not ports.outbox.claim(row):
        return 0
    try:
        message_id = ports.mailer.send(
            Mail(
                to=address,
                subject=mail.subject,
                text=mail.text,
                html=mail.html,
                outbox_id=outbox_id,
            )
        )
    except MailUnconfirmed:
        raise
    except AdapterError as error:
        ports.outbox.refused(outbox_id, error=str(error))
        raise
    ports.outbox.sent(outbox_id, message_id=message_id)
    return 1


def _links(terms: LinkTerms, report: Report) -> tuple[FileLink, ...]:
    expires_at = terms.machine_now() + timedelta(hours=terms.hours)
    return tuple(
        FileLink(
            label="PDF" if file.content_type == PDF else "Excel",
            address=f"{terms.base_url}#{_token(terms, report, index, expires_at)}",
        )
        for index, file in enumerate(report.files)
    )


def _token(terms: LinkTerms, report: Report, index: int, expires_at: datetime) -> str:
    link = ReportLink(
        report_id=report.report_id,
        file_index=index,
        nonce=report.link_nonce,
        expires_at=expires_at,
    )
    return sign_link(link, key=terms.key)
