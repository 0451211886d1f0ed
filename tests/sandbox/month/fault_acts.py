"""What is done while something is wrong, and what must hold then."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import timedelta

from shared.adapters.machine_time import machine_now
from shared.domain.alerts import AlertType
from shared.domain.outbox import MailKind, OutboxState
from shared.domain.report_link import ReportLink, sign_link
from shared.domain.report_requests import MAIL_TOPIC, REPORTS_TOPIC
from shared.domain.session_record import Finality
from shared.domain.statements import HeldReason, StatementState
from tests.sandbox.checks import Check
from tests.sandbox.control import Json
from tests.sandbox.month.papers import open_link
from tests.sandbox.month.people import ADVISOR
from tests.sandbox.month.readings import Left, read_left
from tests.sandbox.month.scene import Scene
from tests.sandbox.month.world import LINK_KEY

_PATIENCE = timedelta(minutes=31)
_ALTERED, _GONE = frozenset({400, 403, 404}), frozenset({403, 410})


async def settlement_is_half_done(scene: Scene) -> AsyncIterator[Check]:
    """The days are final, the session is not, and nothing is billed; the next morning goes on."""
    left, last = _left(scene), scene.drawn.dates[-1]
    days = [day for day in left.days if day.session_date == last]
    yield _check(
        "the killed settlement left final days of a session that is not final",
        any(day.finality is Finality.FINAL for day in days)
        and left.sessions[-1].finality is Finality.PROVISIONAL,
        f"{len(days)} days, the session is {left.sessions[-1].finality}",
    )
    yield _nothing_billed(left)


async def month_waits_for_statement(scene: Scene) -> AsyncIterator[Check]:
    """The last session stays provisional, so the month is not billed, and people are told."""
    left = _left(scene)
    yield _check(
        "the last session stays provisional and says what it waits for",
        left.sessions[-1].finality is Finality.PROVISIONAL and bool(left.sessions[-1].waits_for),
        f"it is {left.sessions[-1].finality}",
    )
    yield _nothing_billed(left)
    told = {one.alert_type for one in left.alerts}
    wanted = {AlertType.BROKER_STATEMENT_MISMATCH, AlertType.BROKER_STATEMENT_MISSING}
    yield _check("people are told of the statement", bool(told & wanted), f"told: {sorted(told)}")


def put_a_wrong_statement(scene: Scene) -> None:
    """Let the broker tell an execution under a reference like ours that is none of ours."""
    last = scene.drawn.dates[-1]
    scene.put_statements(last)
    statement = scene.statement(ADVISOR, last)
    accounts = statement["accounts"]
    if not isinstance(accounts, list):
        raise TypeError("no accounts")
    for account in accounts:
        trades = account["trades"] if isinstance(account, dict) else None
        if isinstance(trades, list) and trades and isinstance(trades[0], dict):
            strange: dict[str, Json] = {
                **trades[0],
                "exec_id": "0000ffff.65ffffff.02.01",
                "trade_id": "99999",
                "order_id": "88888",
                "order_ref": "SP-NOBODYKNOWSTHIS",
            }
            trades.append(strange)
            break
    scene.put_statement(ADVISOR, statement)


def put_the_statements(scene: Scene) -> None:
    """Let the broker have the right statements of the last session."""
    scene.put_statements(scene.drawn.dates[-1])


def put_the_rates(scene: Scene) -> None:
    """Let the central bank publish what was missing."""
    scene.put_rates(scene.first_morning)


async def euros_are_held(scene: Scene) -> AsyncIterator[Check]:
    """Whoever is billed in EUR waits for the rate; the others are billed."""
    left = _left(scene)
    states = {who: (one.state, one.held_reason) for who, one in left.statements.items()}
    wanted = {
        one.follower_id: (StatementState.HELD, HeldReason.NO_FX_RATE)
        for one in scene.drawn.people
        if one.currency == "EUR" and _owes(left, one.follower_id)
    }
    wrong = [f"{who} is {states[who]}" for who, held in wanted.items() if states[who] != held]
    yield Check(name="statements in EUR wait for their rate", faults=tuple(wrong))
    others = [
        f"{one.follower_id} is {states[one.follower_id]}"
        for one in scene.drawn.people
        if one.currency == "USD"
        and one.rate is not None
        and one.follower_id in states
        and states[one.follower_id][1] is not None
    ]
    yield Check(name="statements in USD wait for nothing", faults=tuple(others))


async def reports_are_written_again(scene: Scene) -> AsyncIterator[Check]:
    """Some reports are missing; asking once more writes those, and no others anew."""
    before = _left(scene)
    missing = {who for who in before.months if who not in before.reports}
    yield _check("some reports are missing at first", bool(missing), "none is missing")
    await scene.publish(
        REPORTS_TOPIC, {"type": "monthly_reports_requested", "month": scene.drawn.month}
    )
    after = _left(scene)
    late = sorted(set(after.months) - set(after.reports))
    yield Check(name="a second run writes what is missing", faults=tuple(late))
    changed = [who for who, one in before.reports.items() if after.reports[who] != one]
    yield Check(name="a second run leaves what is there", faults=tuple(changed))


async def mail_is_sent_again(scene: Scene) -> AsyncIterator[Check]:
    """Whatever happened: asking once more sends what is missing, and nothing twice."""
    before = _monthly(_left(scene))
    await _ask_for_mail(scene)
    after = _monthly(_left(scene))
    twice = [to for to in after if after.count(to) > 1]
    yield Check(name="a second run of the mail job sends nothing twice", faults=tuple(twice))
    yield _check("it loses nothing either", set(before) <= set(after), f"{before}, then {after}")


async def mail_is_held_for_a_person(scene: Scene) -> AsyncIterator[Check]:
    """A mail of unknown fate is never sent again, and a person is told of it."""
    await _ask_for_mail(scene)
    await scene.pass_by(_PATIENCE)
    await scene.publish("mail-events", {})
    left = _left(scene)
    sending = [row for row in left.outbox.values() if row.state is OutboxState.SENDING]
    yield _check("one mail stays unresolved", len(sending) == 1, f"{len(sending)} do")
    after = _monthly(left)
    twice = [to for to in after if after.count(to) > 1]
    yield Check(name="it is not sent a second time", faults=tuple(twice))
    told = [one for one in left.alerts if one.alert_type is AlertType.MAIL_UNRESOLVED]
    yield _check("a person is told of it", len(told) == 1, f"{len(told)} alerts")


async def altered_token_opens_nothing(scene: Scene) -> AsyncIterator[Check]:
    """A token with one character changed is refused."""
    token = _tokens(_left(scene))[0]
    place = len(token) // 3
    other = "A" if token[place] != "A" else "B"
    yield _refused(scene, token[:place] + other + token[place + 1 :], "an altered token", _ALTERED)


async def expired_token_opens_nothing(scene: Scene) -> AsyncIterator[Check]:
    """A token of ours whose time is over is refused."""
    report = next(iter(_left(scene).reports.values()))
    link = ReportLink(
        report_id=report.report_id,
        file_index=0,
        nonce=report.link_nonce,
        expires_at=machine_now() + timedelta(hours=1),
    )
    status, _ = open_link(scene.stack, sign_link(link, key=LINK_KEY))
    yield _check("before its end it opens", status == 200, f"it answers {status}")
    over = replace(link, expires_at=machine_now() - timedelta(seconds=1))
    yield _refused(scene, sign_link(over, key=LINK_KEY), "an expired token", _GONE)


async def revoked_token_opens_nothing(scene: Scene) -> AsyncIterator[Check]:
    """Once revoked, every mailed link of a report is refused; those of others are not."""
    left = _left(scene)
    mail, other = [one for one in left.mails if one.tokens][:2]
    report = left.outbox[mail.outbox_id].about
    done = await scene.run_job("revoke-links", "--report", report, "--by", "Ada")
    yield _check("the links are revoked", done.code == 0, done.said)
    for token in mail.tokens:
        yield _refused(scene, token, "a revoked token", _GONE)
    status, _ = open_link(scene.stack, other.tokens[0])
    yield _check("a link of somebody else still opens", status == 200, f"it answers {status}")


async def token_of_another_opens_nothing(scene: Scene) -> AsyncIterator[Check]:
    """Another follower's report written into a token makes it a token nobody signed."""
    left = _left(scene)
    mail, other = [one for one in left.mails if one.tokens][:2]
    payload, _, signature = mail.tokens[0].partition(".")
    fields = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    stranger = left.reports[str(left.outbox[other.outbox_id].follower_id)]
    for nonce in (fields[2], stranger.link_nonce):
        said = [stranger.report_id, fields[1], nonce, fields[3]]
        forged = base64.urlsafe_b64encode(json.dumps(said, separators=(",", ":")).encode())
        token = f"{forged.decode().rstrip('=')}.{signature}"
        yield _refused(scene, token, "a token for somebody else's report", _ALTERED)


def _left(scene: Scene) -> Left:
    return read_left(scene.drawn, scene.stack)


def _check(name: str, holds: bool, otherwise: str) -> Check:
    return Check(name=name, faults=() if holds else (otherwise,))


def _nothing_billed(left: Left) -> Check:
    billed = [who for who, one in left.statements.items() if one.number]
    return Check(name="nothing of the month is billed yet", faults=tuple(billed))


def _owes(left: Left, who: str) -> bool:
    statement = left.statements.get(who)
    return bool(statement and statement.waterfall and statement.waterfall.commission)


def _monthly(left: Left) -> list[str]:
    """To whom reports were mailed, as often as they were."""
    return [
        mail.to
        for mail in left.mails
        if mail.outbox_id in left.outbox
        and left.outbox[mail.outbox_id].kind is MailKind.MONTHLY_REPORT
    ]


async def _ask_for_mail(scene: Scene) -> None:
    message: dict[str, Json] = {"type": "monthly_mail_requested", "month": scene.drawn.month}
    await scene.publish(MAIL_TOPIC, message)


def _tokens(left: Left) -> list[str]:
    return [token for mail in left.mails for token in mail.tokens]


def _refused(scene: Scene, token: str, what: str, statuses: Iterable[int]) -> Check:
    status, data = open_link(scene.stack, token)
    is_refused = status in statuses and not data
    return _check(f"{what} opens nothing", is_refused, f"it answers {status}")
