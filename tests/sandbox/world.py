"""The world outside: every stand-in in one process, and the scheduler that drives the day."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from google.cloud.scheduler_v1 import Job, PubsubTarget

from shared.adapters.held_clock_async import AsyncHeldClock, run_held
from tests.sandbox import cloud_storage, ecb, flex, iam_credentials, sendgrid, sheets, telegram
from tests.sandbox.addresses import Addresses, environment
from tests.sandbox.blueprint import FLEX_ENTRY, PROJECT, REGION, ROOT, Blueprint, read_blueprint
from tests.sandbox.iam_credentials import SigningKeys
from tests.sandbox.pubsub_gate import PubsubGate, Subscription
from tests.sandbox.rpc import serve_rpc
from tests.sandbox.run_jobs import RunJobs
from tests.sandbox.scheduler import Scheduler
from tests.sandbox.secret_manager import SecretManager
from tests.sandbox.sendgrid_deliveries import Deliveries
from tests.sandbox.sendgrid_events import EventSigner
from tests.sandbox.serving import serve

RANK = 9
"""Schedules fire after everybody else has done what is due at the same instant."""
SECRETS = {
    "telegram-bot-token": next(iter(telegram.SANDBOX_BOT_TOKENS)),
    "sendgrid-api-key": next(iter(sendgrid.SANDBOX_API_KEYS)),
    "report-link-key": "sandbox-report-link-key-of-no-value",
    FLEX_ENTRY: next(iter(flex.SANDBOX_FLEX_TOKENS)),
}


async def run_world(clock: AsyncHeldClock, addresses: Addresses, logs: Path) -> None:
    """Serve everything and run the schedules until cancelled."""
    blueprint = read_blueprint()
    gate = PubsubGate(
        f"127.0.0.1:{addresses.pubsub_emulator}", clock, project_id=PROJECT, now=clock.now
    )
    await gate.start(addresses.stand_ins["pubsub"])
    await gate.create_topology(blueprint.topics, _subscriptions(blueprint, addresses))
    signer = EventSigner()
    await _serve_http(clock, addresses, logs, signer)
    secrets = SecretManager(PROJECT, clock.now)
    for name, value in (SECRETS | {"sendgrid-event-key": signer.public_key}).items():
        secrets.put(name, value)
    scheduler = Scheduler(PROJECT, REGION, addresses.host("pubsub"))
    _, stop_secrets = await serve_rpc(secrets.service(), addresses.stand_ins["secret_manager"])
    _, stop_scheduler = await serve_rpc(scheduler.service(), addresses.stand_ins["scheduler"])
    for job in _schedules(blueprint):
        scheduler.put(job)
    sys.stdout.write(json.dumps({"ready": True}) + "\n")
    sys.stdout.flush()
    try:
        await scheduler.run(clock)
    finally:
        await stop_scheduler()
        await stop_secrets()


async def _serve_http(
    clock: AsyncHeldClock, addresses: Addresses, logs: Path, signer: EventSigner
) -> None:
    keys = SigningKeys()
    deliveries = Deliveries(clock, signer, addresses.function_url("mail_events"))
    jobs = RunJobs(
        project=PROJECT,
        location=REGION,
        jobs=dict.fromkeys(read_blueprint().jobs, 0),
        command=(sys.executable, "-m", "jobs"),
        cwd=ROOT,
        env=environment(addresses, clock.address, "job"),
        log_dir=logs,
        holds=clock,
    )
    apps = {
        "sheets": sheets.create_app(monotonic=lambda: clock.now().timestamp()),
        "sendgrid": sendgrid.create_app(
            unix_time=lambda: clock.now().timestamp(),
            signer=signer,
            on_accepted=deliveries.accepted,
        ),
        "telegram": telegram.create_app(unix_time=lambda: clock.now().timestamp()),
        "iam": iam_credentials.create_app(keys),
        "storage": cloud_storage.create_app(public_keys=keys.public_keys),
        "run": jobs.app(),
        "flex": flex.create_app(),
        "ecb": ecb.create_app(),
    }
    for name, app in apps.items():
        await serve(app, addresses.stand_ins[name])


def _subscriptions(blueprint: Blueprint, addresses: Addresses) -> dict[str, Subscription]:
    pushes = {
        f"{spec.name.replace('_', '-')}-push": Subscription(
            topic=spec.topic,
            push_url=addresses.function_url(spec.name),
            dead_letter_topic=f"{spec.topic}-dead",
        )
        for spec in blueprint.functions
        if spec.topic is not None
    }
    pulls = {
        name: Subscription(topic=topic) for name, topic in blueprint.pull_subscriptions.items()
    }
    return pushes | pulls


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
    ]


def main(arguments: list[str]) -> int:
    """Run until killed."""
    address, config_path = arguments
    config = json.loads(Path(config_path).read_text())
    addresses = Addresses(**config["addresses"])

    async def held(clock: AsyncHeldClock) -> None:
        await run_world(clock, addresses, Path(config["logs"]))

    try:
        run_held(address, held, name="world", rank=RANK)
    except asyncio.CancelledError:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
