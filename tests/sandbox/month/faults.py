"""What may go wrong in a month, by name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

from tests.sandbox.checks import Check
from tests.sandbox.control import Json
from tests.sandbox.month import fault_acts as acts
from tests.sandbox.month.ledger import Draw
from tests.sandbox.month.scene import Scene
from tests.sandbox.month.traps import Spot

Act = Callable[[Scene], AsyncIterator[Check]]
TrapOf = Callable[[Draw], Mapping[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        name: On the command line.
        words: What happens.
        trap: Where a job is killed, or an answer is lost; None nowhere.
        is_mute: True where SendGrid tells nothing.
        refusals: Stand-in and the failures it is told before the month is settled.
        has_last_statements: False where the broker does not have those of the last session yet.
        has_last_rate: False where the central bank has not published the month's last rate yet.
        prepares: Done before the month is settled.
        first_morning: Done and looked at once it should be settled.
        second_morning: Done before it is settled once more.
        at_the_end: Done and looked at when all is over.
        delays: True where the month is billed a session later.
    """

    name: str
    words: str
    trap: TrapOf | None = None
    is_mute: bool = False
    refusals: tuple[str, Mapping[str, Json]] | None = None
    has_last_statements: bool = True
    has_last_rate: bool = True
    prepares: Callable[[Scene], None] | None = None
    first_morning: Act | None = None
    second_morning: Callable[[Scene], None] | None = None
    at_the_end: Act | None = None
    delays: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class _Trap:
    """Where a trap lies in a drawn month; `{last}` is its last session, `{who}` a follower."""

    spot: Spot
    marker: str
    victim: str = ""
    place: int = field(default=-1)

    def __call__(self, drawn: Draw) -> Mapping[str, str]:
        second_task = [one.follower_id for one in drawn.people][1::4]
        who = second_task[self.place]
        marker = self.marker.format(last=drawn.dates[-1], who=who)
        return {"spot": str(self.spot), "marker": marker, "victim": self.victim}


_FAULTS = (
    Fault(
        name="settlement-killed",
        words="the settlement is killed between a day's figures and the session's end",
        trap=_Trap(
            spot=Spot.PUBLISHES, marker='"session_date":"{last}"', victim="settle-sessions~*"
        ),
        first_morning=acts.settlement_is_half_done,
        delays=True,
    ),
    Fault(
        name="reports-killed",
        words="one task of the reports is killed with kill -9 while it stores a file",
        trap=_Trap(spot=Spot.STORES, marker="{who}.pdf", victim="write-monthly-reports~1~*"),
        first_morning=acts.reports_are_written_again,
    ),
    Fault(
        name="mail-killed-after-accept",
        words="the mail job is killed when SendGrid has accepted a mail and the job has no answer",
        trap=_Trap(
            spot=Spot.MAILS,
            marker="{who}@followers.example",
            victim="send-monthly-mail~*",
            place=0,
        ),
        first_morning=acts.mail_is_sent_again,
    ),
    Fault(
        name="mail-never-told",
        words="the answer to a mail gets lost, and SendGrid never tells what became of it",
        trap=_Trap(spot=Spot.MAILS, marker="{who}@followers.example", place=0),
        is_mute=True,
        first_morning=acts.mail_is_held_for_a_person,
    ),
    Fault(
        name="statement-mismatch",
        words="the last session's statement has an execution that we have no order for",
        prepares=acts.put_a_wrong_statement,
        has_last_statements=False,
        first_morning=acts.month_waits_for_statement,
        second_morning=acts.put_the_statements,
        delays=True,
    ),
    Fault(
        name="statement-late",
        words="the last session's statements come a day late",
        has_last_statements=False,
        first_morning=acts.month_waits_for_statement,
        second_morning=acts.put_the_statements,
        delays=True,
    ),
    Fault(
        name="fx-missing",
        words="the central bank's last rate of the month comes a day late",
        has_last_rate=False,
        first_morning=acts.euros_are_held,
        second_morning=acts.put_the_rates,
        delays=True,
    ),
    Fault(
        name="bucket-refuses",
        words="the bucket refuses some of the files",
        refusals=("storage", {"status": 403, "times": 3}),
        first_morning=acts.reports_are_written_again,
    ),
    Fault(
        name="sendgrid-429",
        words="SendGrid asks for patience",
        refusals=("sendgrid", {"status": 429, "times": 4, "retry_after_seconds": 1}),
        first_morning=acts.mail_is_sent_again,
    ),
    Fault(
        name="sendgrid-500",
        words="SendGrid fails a few times",
        refusals=("sendgrid", {"status": 500, "times": 5}),
        first_morning=acts.mail_is_sent_again,
    ),
    Fault(
        name="token-altered",
        words="somebody changes the token of a link",
        at_the_end=acts.altered_token_opens_nothing,
    ),
    Fault(
        name="token-expired",
        words="somebody uses a link after its end",
        at_the_end=acts.expired_token_opens_nothing,
    ),
    Fault(
        name="token-revoked",
        words="the links of a report are revoked",
        at_the_end=acts.revoked_token_opens_nothing,
    ),
    Fault(
        name="token-other-follower",
        words="somebody puts another follower's report into his token",
        at_the_end=acts.token_of_another_opens_nothing,
    ),
)
FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _FAULTS}


def list_of_faults() -> str:
    """Name every fault, one a line."""
    return "".join(f"  {fault.name:<26} {fault.words}\n" for fault in _FAULTS)
