"""The sandbox's blueprint: `terraform/functions.yaml` and the settings every process gets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.sandbox.iam_credentials import SANDBOX_ACCOUNT

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "demo-spreadpilot"
REGION = "us-east4"
BUCKET = "spreadpilot-reports"
SIGNING_ACCOUNT = SANDBOX_ACCOUNT
BEARER = "sandbox-token"
SHEET_ID = "leader-sheet"
TELEGRAM_CHAT = "-1001"
ADMIN_MAIL = "ops@spreadpilot.example"
FLEX_ENTRY = "flex-token"
"""The secret that holds the Flex token of every login."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionSpec:
    """One function of the table.

    Attributes:
        name: Entry point and file name.
        topic: Topic that pushes to it; None for an HTTP function.
    """

    name: str
    topic: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleSpec:
    """One schedule of the table: cron text in the table's time zone, its topic, its message."""

    name: str
    topic: str
    cron: str
    data: str = "{}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Blueprint:
    """The table as the sandbox needs it."""

    time_zone: str
    topics: tuple[str, ...]
    functions: tuple[FunctionSpec, ...]
    schedules: tuple[ScheduleSpec, ...]
    pull_subscriptions: dict[str, str]
    jobs: tuple[str, ...]


def read_blueprint(path: Path = ROOT / "terraform" / "functions.yaml") -> Blueprint:
    """Read the one table of functions, topics and schedules."""
    table = yaml.safe_load(path.read_text())
    return Blueprint(
        time_zone=table["time_zone"],
        topics=tuple(table["topics"]),
        functions=tuple(
            FunctionSpec(name=name, topic=item.get("topic"))
            for name, item in table["functions"].items()
        ),
        schedules=tuple(
            ScheduleSpec(
                name=name,
                topic=item["topic"],
                cron=item["cron"],
                data=json.dumps(item.get("data", {})),
            )
            for name, item in table["schedules"].items()
        ),
        pull_subscriptions={
            name: item["topic"] for name, item in table["pull_subscriptions"].items()
        },
        jobs=tuple(table["jobs"]),
    )
