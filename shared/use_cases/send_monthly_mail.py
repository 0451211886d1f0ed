"""Mail every follower a link to his report of a month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.alerts import Alert, AlertType
from shared.domain.errors import AdapterError, InvalidInput
from shared.domain.followers import FollowerId
from shared.domain.mail_fields import MonthlyReportFields
from shared.domain.money import ZERO
from shared.domain.monthly_pnl import MonthlyPnl
from shared.domain.months import Month
from shared.domain.outbox import MailKind, outbox_id_of
from shared.domain.payees import Payee
from shared.domain.reports import Report
from shared.domain.session_record import Finality
from shared.domain.sessions import session_date_at
from shared.domain.statements import Statement
from shared.ports.alarm import Alarm
from shared.ports.clock import Clock
from shared.ports.mail_texts import MailTexts
from shared.ports.monthly_pnl import MonthlyPnlBook
from shared.ports.payees import Payees
from shared.ports.reports import Reports
from shared.ports.statements import Statements
from shared.use_cases.make_links import LinkTerms, make_links
from shared.use_cases.send_mail import MailPorts, OutgoingMail, Sending, send_mail


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthlyMailPorts:
    """What monthly mails are made from, and how they go out.

    Attributes:
        contact: Address that answers questions.
    """

    clock: Clock
    reports: Reports
    statements: Statements
    monthly_pnl: MonthlyPnlBook
    payees: Payees
    mail_texts: MailTexts
    mail: MailPorts
    links: LinkTerms
    alarm: Alarm
    contact: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthlyMailSent:
    """What was done.

    Attributes:
        sent: Mails accepted by this call.
        already: Mails that were taken on before.
        unconfirmed: Mails whose answer was lost; never sent again by guess.
        quiet: Followers who had nothing in the month, and get no mail.
        failed: Followers who could not be mailed, with the reason.
    """

    sent: int = 0
    already: int = 0
    unconfirmed: int = 0
    quiet: int = 0
    failed: tuple[tuple[FollowerId, str], ...] = ()


def send_monthly_mail(ports: MonthlyMailPorts, *, month: Month) -> MonthlyMailSent:
    """Mail every issued report of a month, once each.

    - The mail holds links, never the files; it is keyed by the report's figures, so that a repeat
      sends nothing and a new version is mailed.
    - Who had nothing in the month and owes nothing is left in peace; his report is there.
    - Who cannot be mailed (no address, refused) raises REPORT_FAILED and stops nobody.

    Raises:
        AdapterError: What all mails need could not be read.
    """
    statements = {one.follower_id: one for one in ports.statements.of_month(month)}
    months = {one.follower_id: one for one in ports.monthly_pnl.of_month(month)}
    counts = dict.fromkeys(Sending, 0)
    quiet, failed = 0, list[tuple[FollowerId, str]]()
    for report in ports.reports.of_period(month):
        who = report.follower_id
        if who is None or not report.statement_number:
            continue
        if not _is_worth_a_mail(statements.get(who), months.get(who)):
            quiet += 1
            continue
        try:
            counts[_send(ports, report, statements[who], months)] += 1
        except (AdapterError, InvalidInput) as error:
            failed.append((who, str(error)))
            ports.alarm.raise_alert(_failed_alert(ports, report, who, error))
    return MonthlyMailSent(
        sent=counts[Sending.SENT],
        already=counts[Sending.ALREADY],
        unconfirmed=counts[Sending.UNCONFIRMED],
        quiet=quiet,
        failed=tuple(failed),
    )


def _is_worth_a_mail(statement: Statement | None, pnl: MonthlyPnl | None) -> bool:
    if statement is None:
        return False
    is_owed = statement.due is not None and statement.due > ZERO
    return is_owed or bool(statement.adjustments) or (pnl is not None and pnl.active_days > 0)


def _send(
    ports: MonthlyMailPorts,
    report: Report,
    statement: Statement,
    months: Mapping[FollowerId, MonthlyPnl],
) -> Sending:
    payee = address_of(ports.payees.get(statement.follower_id))
    pnl = months.get(statement.follower_id)
    content = ports.mail_texts.compose(
        MailKind.MONTHLY_REPORT,
        MonthlyReportFields(
            month=statement.month,
            name=statement.name,
            result=pnl.total if pnl else ZERO,
            commission_due=statement.due or ZERO,
            currency=str(statement.currency),
            statement_number=statement.number,
            finality=Finality.FINAL,
            as_of=report.as_of,
            links=make_links(report, ports.links),
            link_hours=ports.links.hours,
            contact=ports.contact,
        ),
    )
    return send_mail(
        OutgoingMail(
            outbox_id=outbox_id_of(report.report_id, report.figures_sha256, payee.email),
            to=payee.email,
            content=content,
            kind=MailKind.MONTHLY_REPORT,
            about=report.report_id,
            period=report.period,
            follower_id=statement.follower_id,
        ),
        ports.mail,
    )


def address_of(payee: Payee | None) -> Payee:
    """Pass on who can be mailed.

    Raises:
        InvalidInput: No address is on record.
    """
    if payee is None or not payee.email:
        raise InvalidInput("email", "no address is on record; add it to his private data")
    return payee


def _failed_alert(
    ports: MonthlyMailPorts, report: Report, who: FollowerId, error: Exception
) -> Alert:
    now = ports.clock.now()
    return Alert(
        alert_type=AlertType.REPORT_FAILED,
        subject=report.report_id,
        message=(
            f"{who} was not mailed his report of {report.period}: {error}. The others are not"
            f" touched. When it is mended, run send-monthly-mail --month {report.period}."
        ),
        session_date=session_date_at(now),
        raised_at=now,
        follower_id=who,
    )
