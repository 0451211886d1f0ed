"""Settings: the only reader of the environment.

Each runtime asks for the groups it needs; everything missing or wrong is told in one error, so
that a deployment is mended once and not setting by setting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.domain.errors import InvalidSettings


class Environment(StrEnum):
    """Where we run."""

    SANDBOX = "sandbox"
    STAGING = "staging"
    PRODUCTION = "production"


class Settings(BaseModel):
    """A group of settings; a field `sheet_id` is read from the variable `SHEET_ID`."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)


class CoreSettings(Settings):
    """What every runtime needs."""

    environment: Environment = Field(description="sandbox, staging or production")
    google_cloud_project: str = Field(min_length=1, description="Google Cloud project id")
    firestore_database: str = Field(default="(default)", description="Firestore database id")
    firestore_emulator_host: str = Field(
        default="", description="Firestore emulator, host:port; empty for Google's"
    )
    market_clock: str = Field(
        default="", description="Socket of the sandbox's conductor; empty for real time"
    )
    process_name: str = Field(default="process", description="Name in logs and health documents")
    sandbox_token: str = Field(
        default="", description="Bearer token of the sandbox's stand-ins; empty for Google's own"
    )
    alerts_topic: str = Field(default="alerts", description="Pub/Sub topic of alerts")
    secret_manager_address: str = Field(
        default="", description="Secret Manager stand-in, host:port; empty for Google's"
    )


class SheetSettings(Settings):
    """The leader sheet."""

    sheet_id: str = Field(min_length=1, description="Id of the leader's Google Sheet")
    sheet_tab: str = Field(default="Sheet1", description="Tab that holds the signals")
    sheet_reader_email: str = Field(
        default="the service account of ingest_signal",
        description="Account that the sheet is shared with, for messages to people",
    )
    sheets_base_url: str = Field(
        default="https://sheets.googleapis.com", description="Google Sheets API"
    )
    orders_topic: str = Field(default="orders", description="Pub/Sub doorbell of planned orders")


class GatewayMode(StrEnum):
    """What the gateway does with what it would send to a broker."""

    LIVE = "live"
    """It sends."""
    DRY_RUN = "dry_run"
    """It does everything else, and logs each write with all its fields instead of sending it."""
    SHADOW = "shadow"
    """Beside a live gateway: it plans and prices, logs both, and writes nothing anywhere."""


class MessageSettings(Settings):
    """Telegram and e-mail."""

    telegram_base_url: str = Field(
        default="https://api.telegram.org", description="Telegram Bot API"
    )
    telegram_secret: str = Field(
        default="telegram-bot-token", description="Secret that holds the bot's token"
    )
    sendgrid_base_url: str = Field(default="https://api.sendgrid.com", description="SendGrid API")
    sendgrid_secret: str = Field(
        default="sendgrid-api-key", description="Secret that holds SendGrid's key"
    )
    mail_from: str = Field(min_length=3, description="Sender address of our mail")
    dashboard_base_url: str = Field(min_length=8, description="Address of the dashboard")


class MailEventSettings(Settings):
    """The provider's signed events about our mail."""

    mail_events_topic: str = Field(
        default="mail-events", description="Pub/Sub topic of what became of our mail"
    )
    mail_events_secret: str = Field(
        default="sendgrid-event-key",
        description="Secret that holds the public key of SendGrid's signed events",
    )
    mail_events_minutes: int = Field(
        default=10, ge=1, le=1440, description="Oldest signature of events taken, minutes"
    )


class FlexSettings(Settings):
    """The broker's own statements."""

    flex_base_url: str = Field(
        default="https://ndcdyn.interactivebrokers.com/AccountManagement/FlexWebService",
        description="IBKR Flex Web Service",
    )
    flex_user_agent: str = Field(
        default="SpreadPilot/1.0", min_length=3, description="How we name ourselves to it"
    )


class FxSettings(Settings):
    """Reference rates."""

    ecb_base_url: str = Field(
        default="https://www.ecb.europa.eu", description="European Central Bank"
    )


class TaskSettings(Settings):
    """What Cloud Run tells a task of a job.

    https://cloud.google.com/run/docs/container-contract#jobs-env-vars
    """

    cloud_run_job: str = Field(default="", description="Name of the job; empty elsewhere")
    cloud_run_task_index: int = Field(default=0, ge=0, description="Number of this task")
    cloud_run_task_count: int = Field(default=1, ge=1, description="How many tasks share the work")


class ReportSettings(Settings):
    """Report files and the links to them."""

    reports_bucket: str = Field(min_length=3, description="Bucket of report files")
    storage_base_url: str = Field(
        default="https://storage.googleapis.com", description="Cloud Storage"
    )
    iam_credentials_base_url: str = Field(
        default="https://iamcredentials.googleapis.com", description="IAM signBlob"
    )
    signing_account: str = Field(
        min_length=3, description="Service account that signs links, its e-mail address"
    )
    link_base_url: str = Field(min_length=8, description="Address that report links start with")
    link_secret: str = Field(
        default="report-link-key", description="Secret that holds the key of report links"
    )
    link_hours: int = Field(default=24, ge=1, le=168, description="Life of a report link, hours")


class JobSettings(Settings):
    """Cloud Run jobs."""

    region: str = Field(default="us-east4", description="Region of the jobs")
    run_base_url: str = Field(default="https://run.googleapis.com", description="Cloud Run Admin")
    reports_job: str = Field(default="reports", description="Name of the reports job")
    report_tasks: int = Field(
        default=4, ge=1, le=100, description="Tasks that share a month's reports"
    )
    mail_job: str = Field(default="mail", description="Name of the mail job")
    settlement_job: str = Field(default="settlement", description="Name of the settlement job")


class GatewaySettings(Settings):
    """The gateway."""

    gateway_mode: GatewayMode = Field(
        default=GatewayMode.LIVE, description="live, dry_run or shadow"
    )
    gateway_shard: int = Field(default=0, ge=0, le=99, description="Shard that it serves")
    gateway_holder: str = Field(min_length=1, description="Name of this instance in the lease")
    orders_subscription: str = Field(
        default="orders-gateway", description="Pull subscription of the doorbell"
    )
    lease_seconds: float = Field(
        default=15.0, ge=5.0, le=60.0, description="Life of a lease, machine seconds"
    )
    health_port: int = Field(default=8080, ge=0, le=65535, description="Port of the probes")
    connect_seconds: float = Field(
        default=15.0, ge=1.0, le=120.0, description="Time-out of a broker connection"
    )
    pager_base_url: str = Field(
        default="https://api.telegram.org",
        description="Telegram Bot API of the direct page while the database is away",
    )
    pager_secret: str = Field(
        default="telegram-bot-token", description="Secret that holds that bot's token"
    )


GROUPS: tuple[type[Settings], ...] = (
    CoreSettings,
    SheetSettings,
    MessageSettings,
    MailEventSettings,
    FlexSettings,
    FxSettings,
    TaskSettings,
    ReportSettings,
    JobSettings,
    GatewaySettings,
)

S = TypeVar("S", bound=Settings)


class ReadSettings:
    """Groups of settings as read at the start.

    Args:
        groups: One of each group asked for.
    """

    def __init__(self, groups: Sequence[Settings]) -> None:
        self._groups = {type(group): group for group in groups}

    def of(self, group: type[S]) -> S:
        """Give a group.

        Raises:
            TypeError: If it was not asked for at the start.
        """
        found = self._groups.get(group)
        if not isinstance(found, group):
            raise TypeError(f"{group.__name__} was not asked for at the start")
        return found


def read_settings(environ: Mapping[str, str], *groups: type[Settings]) -> ReadSettings:
    """Read groups of settings.

    Raises:
        InvalidSettings: Listing every missing or wrong setting of all the groups.
    """
    read: list[Settings] = []
    faults: list[str] = []
    for group in groups:
        given = {
            name: environ[name.upper()] for name in group.model_fields if name.upper() in environ
        }
        try:
            read.append(group.model_validate(given))
        except ValidationError as error:
            faults += [_fault(group, item["loc"][0], item["msg"]) for item in error.errors()]
    faults += _market_clock_faults(read)
    if faults:
        raise InvalidSettings("settings", "; ".join(faults))
    return ReadSettings(read)


def _fault(group: type[Settings], location: int | str, message: str) -> str:
    name = str(location)
    return f"{name.upper()} ({group.model_fields[name].description}): {message}"


def _market_clock_faults(read: Sequence[Settings]) -> list[str]:
    for settings in read:
        if not isinstance(settings, CoreSettings):
            continue
        if settings.market_clock and settings.environment is not Environment.SANDBOX:
            return ["MARKET_CLOCK: held market time is for the sandbox alone; leave it empty"]
    return []
