from datetime import UTC, datetime

import pytest

from shared.adapters.firestore.alert_deliveries import FirestoreAlertDeliveries
from shared.adapters.firestore.alerts import FirestoreAlertLog
from shared.adapters.firestore.settings_book import FirestoreSettings
from shared.domain.alerts import Alert, AlertType
from shared.domain.errors import AdapterError
from shared.ports.chat import ChatMessage
from shared.use_cases.route_alert import Routing, RoutingPorts, channel_name, route_alert
from tests.booked_day import put_recipients
from tests.fakes.chat import RecordingMessenger
from tests.fakes.clock import ManualClock
from tests.fakes.documents import InMemoryDocuments
from tests.fakes.mail import RecordingMailer

NOW = datetime(2026, 11, 27, 14, 28, 5, tzinfo=UTC)


def an_alert(alert_type: AlertType = AlertType.SIGNAL_INVALID, subject: str = "D7") -> Alert:
    return Alert(
        alert_type=alert_type,
        subject=subject,
        message="The quantity is not a number. Mend the cell before 09:40.",
        session_date="2026-11-27",
        raised_at=NOW,
    )


WARNING = an_alert(AlertType.MARKS_MISSING, "marks")


class Desk:
    """Routing over documents in memory: two chats and two admins, unless told otherwise."""

    def __init__(
        self,
        *,
        chats: tuple[str, ...] = ("11", "-22"),
        emails: tuple[str, ...] = ("ada@example.com", "bob@example.com"),
    ) -> None:
        self.documents = InMemoryDocuments()
        self.messenger = RecordingMessenger()
        self.mailer = RecordingMailer()
        put_recipients(self.documents, chats=chats, emails=emails)

    def route(self, alert: Alert, *, redelivered: bool = False) -> Routing:
        return route_alert(
            alert,
            redelivered=redelivered,
            ports=RoutingPorts(
                clock=ManualClock(NOW),
                log=FirestoreAlertLog(self.documents),
                deliveries=FirestoreAlertDeliveries(self.documents),
                settings=FirestoreSettings(self.documents),
                messenger=self.messenger,
                mailer=self.mailer,
                dashboard_url="https://dash.example.com",
            ),
        )

    def chats(self) -> list[int]:
        return [message.chat_id for message in self.messenger.sent]

    def outcome(self, alert: Alert, medium: str, address: str) -> str | None:
        past = FirestoreAlertDeliveries(self.documents).of(alert.key)
        return past.get(channel_name(medium, address))

    def count(self, alert: Alert) -> object:
        found = self.documents.get(f"alerts/{alert.key}")
        return found and found.data["count"]


def test_a_critical_alert_goes_to_every_chat_and_every_admin() -> None:
    desk = Desk()
    assert desk.route(an_alert()) is Routing.TOLD
    assert desk.chats() == [11, -22]
    assert desk.mailer.recipients == ["ada@example.com", "bob@example.com"]


def test_a_warning_goes_to_the_chats_alone() -> None:
    desk = Desk()
    desk.route(WARNING)
    assert desk.chats() == [11, -22]
    assert desk.mailer.sent == []


def test_mail_stands_in_where_a_chat_fails() -> None:
    desk = Desk()
    desk.messenger.refused = {-22}
    assert desk.route(WARNING) is Routing.TOLD
    assert desk.chats() == [11]
    assert desk.mailer.recipients == ["ada@example.com", "bob@example.com"]


def test_mail_stands_in_where_there_is_no_chat() -> None:
    desk = Desk(chats=())
    assert desk.route(WARNING) is Routing.TOLD
    assert desk.mailer.recipients == ["ada@example.com", "bob@example.com"]


def test_each_channels_outcome_is_recorded() -> None:
    desk = Desk()
    desk.messenger.refused = {-22}
    desk.mailer.refused = {"bob@example.com"}
    alert = an_alert()
    desk.route(alert)
    assert desk.outcome(alert, "telegram", "11") == ""
    assert desk.outcome(alert, "telegram", "-22") == "telegram: chat not found"
    assert desk.outcome(alert, "email", "ada@example.com") == ""
    assert desk.outcome(alert, "email", "bob@example.com") == "sendgrid: 503: try again"


def test_the_same_fact_again_only_counts() -> None:
    desk = Desk()
    desk.route(an_alert())
    assert desk.route(an_alert()) is Routing.COUNTED
    assert desk.count(an_alert()) == 2
    assert len(desk.messenger.sent) == 2
    assert len(desk.mailer.sent) == 2


def test_a_redelivery_of_what_was_told_tells_nobody_twice() -> None:
    desk = Desk()
    desk.route(an_alert())
    assert desk.route(an_alert(), redelivered=True) is Routing.COUNTED
    assert len(desk.messenger.sent) == 2
    assert len(desk.mailer.sent) == 2


def test_where_nobody_can_be_told_the_message_comes_back() -> None:
    desk = Desk()
    desk.messenger.refused = {11, -22}
    desk.mailer.refused = {"ada@example.com", "bob@example.com"}
    with pytest.raises(AdapterError, match="nobody could be told"):
        desk.route(an_alert())
    desk.messenger.refused = set()
    assert desk.route(an_alert(), redelivered=True) is Routing.TOLD
    assert desk.chats() == [11, -22]


def test_after_an_attempt_that_reached_nobody_the_same_fact_again_is_told() -> None:
    desk = Desk(emails=())
    desk.messenger.refused = {11, -22}
    with pytest.raises(AdapterError):
        desk.route(WARNING)
    desk.messenger.refused = set()
    assert desk.route(WARNING) is Routing.TOLD


def test_a_redelivery_after_a_crash_goes_on_where_it_stopped() -> None:
    class CrashingMessenger(RecordingMessenger):
        def send(self, message: ChatMessage) -> int:
            if self.sent:
                raise KeyboardInterrupt
            return super().send(message)

    desk = Desk()
    desk.messenger = CrashingMessenger()
    with pytest.raises(KeyboardInterrupt):
        desk.route(an_alert())
    told = desk.chats()
    desk.messenger = RecordingMessenger()
    assert desk.route(an_alert(), redelivered=True) is Routing.TOLD
    assert told + desk.chats() == [11, -22]
    assert desk.mailer.recipients == ["ada@example.com", "bob@example.com"]


def test_a_mail_whose_answer_was_lost_is_never_sent_again() -> None:
    desk = Desk(chats=("11",), emails=("ada@example.com",))
    desk.messenger.refused = {11}
    desk.mailer.lost = {"ada@example.com"}
    for redelivered in (False, True):
        with pytest.raises(AdapterError):
            desk.route(an_alert(), redelivered=redelivered)
    assert desk.mailer.recipients == ["ada@example.com"]
    desk.messenger.refused = set()
    assert desk.route(an_alert(), redelivered=True) is Routing.TOLD
    assert desk.mailer.recipients == ["ada@example.com"]


def test_a_chat_id_that_is_no_number_holds_up_nobody() -> None:
    desk = Desk(chats=("@admins", "11"))
    assert desk.route(WARNING) is Routing.TOLD
    assert desk.chats() == [11]
    assert "not a number" in (desk.outcome(WARNING, "telegram", "@admins") or "")


def test_without_recipients_the_alert_is_recorded_all_the_same() -> None:
    desk = Desk(chats=(), emails=())
    assert desk.route(an_alert()) is Routing.NOBODY_TO_TELL
    assert desk.count(an_alert()) == 1


def test_the_mail_of_an_alert_names_it_for_the_provider() -> None:
    desk = Desk(chats=(), emails=("ada@example.com",))
    desk.route(an_alert())
    channel = channel_name("email", "ada@example.com")
    assert desk.mailer.sent[0].outbox_id == f"{an_alert().key}~{channel}"


def test_channel_names_print_no_address() -> None:
    assert "ada" not in channel_name("email", "ada@example.com")
