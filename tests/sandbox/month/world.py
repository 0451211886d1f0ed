"""The world outside of a month: its stand-ins in one process, and its few schedules."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from google.cloud.scheduler_v1 import Job, PubsubTarget
from starlette.types import ASGIApp

from shared.adapters.held_clock_async import AsyncHeldClock, run_held
from tests.sandbox import cloud_storage, ecb, flex, iam_credentials, sendgrid, telegram
from tests.sandbox.addresses import Addresses, environment
from tests.sandbox.blueprint import PROJECT, REGION, ROOT, Blueprint, read_blueprint
from tests.sandbox.iam_credentials import SigningKeys
from tests.sandbox.month.our_people import flex_secret
from tests.sandbox.month.people import LOGINS
from tests.sandbox.month.task import IDS_IN
from tests.sandbox.month.traps import Spot, Trap, TrappedGate, trapped
from tests.sandbox.pubsub_gate import Subscription
from tests.sandbox.rpc import serve_rpc
from tests.sandbox.run_jobs import RunJobs
from tests.sandbox.scheduler import Scheduler
from tests.sandbox.secret_manager import SecretManager
from tests.sandbox.sendgrid_deliveries import Deliveries
from tests.sandbox.sendgrid_events import EventSigner, Message
from tests.sandbox.serving import serve
from tests.sandbox.world import RANK, SECRETS

LINK_KEY = SECRETS["report-link-key"]
SCHEDULES = frozenset({"roll-up-day", "settlement", "roll-up-month", "commission-mail"})
"""The schedules of the table that make a month; the others make its days."""
FUNCTIONS = frozenset(
    {
        "roll_up_day",
        "roll_up_month",
        "route_alert",
        "request_settlement",
        "request_reports",
        "request_mail",
        "mail_events",
        "record_mail",
        "report_link",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class WorldConfig:
    """What the process is told.

    Attributes:
        addresses: Where everything listens.
        logs: Folder of logs.
        ids: Folder of the jobs' process ids.
        trap: A trap; None without one.
        is_mute: True where SendGrid tells nothing of what became of mail.
        retries: How often a failed task of the reports is tried again; a drill looks at what one
            attempt leaves. Cloud Run tries three times more unless told otherwise:
            https://cloud.google.com/run/docs/configuring/max-retries
    """

    addresses: Addresses
    logs: Path
    ids: Path
    trap: Trap | None
    is_mute: bool
    retries: int

    @classmethod
    def read(cls, path: Path) -> WorldConfig:
        """Read it."""
        told = json.loads(path.read_text())
        ids = Path(told["ids"])
        return cls(
            addresses=Addresses(**told["addresses"]),
            logs=Path(told["logs"]),
            ids=ids,
            trap=Trap.read(told["trap"], ids),
            is_mute=told["is_mute"],
            retries=told["retries"],
        )


def token_of(login_id: str) -> str:
    """A login's Flex token."""
    return f"61002184537920411635582{login_id[-1]}"


async def run_world(clock: AsyncHeldClock, config: WorldConfig) -> None:
    """Serve everything and run the schedules until cancelled."""
    blueprint, addresses = read_blueprint(), config.addresses
    gate = TrappedGate(
        f"127.0.0.1:{addresses.pubsub_emulator}", clock, project_id=PROJECT, now=clock.now
    )
    gate.trap = config.trap
    await gate.start(addresses.stand_ins["pubsub"])
    await gate.create_topology(blueprint.topics, _subscriptions(blueprint, addresses))
    signer = EventSigner()
    for name, app in _apps(clock, config, signer).items():
        await serve(app, addresses.stand_ins[name])
    secrets = SecretManager(PROJECT, clock.now)
    tokens = {flex_secret(login): token_of(login) for login in LOGINS}
    for name, value in (SECRETS | tokens | {"sendgrid-event-key": signer.public_key}).items():
        secrets.put(name, value)
    scheduler = Scheduler(PROJECT, REGION, addresses.host("pubsub"))
    _, stop_secrets = await serve_rpc(secrets.service(), addresses.stand_ins["secret_manager"])
    for job in _schedules(blueprint):
        scheduler.put(job)
    sys.stdout.write(json.dumps({"ready": True}) + "\n")
    sys.stdout.flush()
    try:
        await scheduler.run(clock)
    finally:
        await stop_secrets()


def _apps(clock: AsyncHeldClock, config: WorldConfig, signer: EventSigner) -> dict[str, ASGIApp]:
    keys, addresses, trap = SigningKeys(), config.addresses, config.trap
    deliveries = Deliveries(clock, signer, addresses.function_url("mail_events"))

    def accepted(message: Message) -> None:
        if not config.is_mute:
            deliveries.accepted(message)

    mail = sendgrid.create_app(signer=signer, on_accepted=accepted)
    storage = cloud_storage.create_app(public_keys=keys.public_keys)
    return {
        "sendgrid": trapped(mail, trap, Spot.MAILS),
        "telegram": telegram.create_app(unix_time=lambda: clock.now().timestamp()),
        "iam": iam_credentials.create_app(keys),
        "storage": trapped(storage, trap, Spot.STORES),
        "run": _jobs(clock, config).app(),
        # Both clocks: days of market time go by in a second, and within one job no market time.
        "flex": flex.create_app(
            tokens=frozenset(map(token_of, LOGINS)),
            looks=0,
            monotonic=lambda: time.monotonic() + clock.now().timestamp(),
        ),
        "ecb": ecb.create_app(),
    }


def _jobs(clock: AsyncHeldClock, config: WorldConfig) -> RunJobs:
    ids = {IDS_IN: str(config.ids)}
    return RunJobs(
        project=PROJECT,
        location=REGION,
        jobs=dict.fromkeys(read_blueprint().jobs, 0) | {"reports": config.retries},
        command=(sys.executable, "-m", "tests.sandbox.month.task"),
        cwd=ROOT,
        env=environment(config.addresses, clock.address, "job") | ids,
        log_dir=config.logs,
        holds=clock,
    )


def _subscriptions(blueprint: Blueprint, addresses: Addresses) -> dict[str, Subscription]:
    return {
        f"{spec.name.replace('_', '-')}-push": Subscription(
            topic=spec.topic,
            push_url=addresses.function_url(spec.name),
            dead_letter_topic=f"{spec.topic}-dead",
        )
        for spec in blueprint.functions
        if spec.topic is not None and spec.name in FUNCTIONS
    }


def _schedules(blueprint: Blueprint) -> list[Job]:
    return [
        Job(
            name=f"projects/{PROJECT}/locations/{REGION}/jobs/{spec.name}",
            schedule=spec.cron,
            time_zone=blueprint.time_zone,
            pubsub_target=PubsubTarget(
                topic_name=f"projects/{PROJECT}/topics/{spec.topic}", data=spec.data.encode()
            ),
        )
        for spec in blueprint.schedules
        if spec.name in SCHEDULES
    ]


def main(arguments: list[str]) -> int:
    """Run until killed."""
    address, config_path = arguments
    config = WorldConfig.read(Path(config_path))

    async def held(clock: AsyncHeldClock) -> None:
        await run_world(clock, config)

    try:
        run_held(address, held, name="world", rank=RANK)
    except asyncio.CancelledError:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
