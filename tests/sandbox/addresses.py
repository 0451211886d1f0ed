"""Where everything of the sandbox listens, and the settings that tell our processes so."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass

from tests.sandbox import flex
from tests.sandbox.blueprint import (
    ADMIN_MAIL,
    BEARER,
    BUCKET,
    PROJECT,
    REGION,
    ROOT,
    SHEET_ID,
    SIGNING_ACCOUNT,
    Blueprint,
)
from tests.sandbox.processes import free_port

_STAND_INS = (
    "pubsub",
    "sheets",
    "sendgrid",
    "telegram",
    "storage",
    "iam",
    "run",
    "flex",
    "ecb",
    "secret_manager",
    "scheduler",
)
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")


@dataclass(frozen=True, kw_only=True, slots=True)
class Addresses:
    """Loopback ports, chosen before anything starts so that everybody knows everybody.

    Attributes:
        firestore: The emulator.
        pubsub_emulator: The emulator behind the gate.
        gateway: Probes of the gateway.
        stand_ins: By name; `pubsub` is the gate.
        functions: By function name.
    """

    firestore: int
    pubsub_emulator: int
    gateway: int
    stand_ins: dict[str, int]
    functions: dict[str, int]

    def url(self, name: str) -> str:
        """Base URL of a stand-in."""
        return f"http://127.0.0.1:{self.stand_ins[name]}"

    def host(self, name: str) -> str:
        """`host:port` of a stand-in."""
        return f"127.0.0.1:{self.stand_ins[name]}"

    def function_url(self, name: str) -> str:
        """URL of a function."""
        return f"http://127.0.0.1:{self.functions[name]}/"

    def as_json(self) -> dict[str, object]:
        """All ports, for people and other processes."""
        return asdict(self)


def choose_addresses(blueprint: Blueprint) -> Addresses:
    """Choose a free port for everything, no two alike."""
    wanted = ["firestore", "pubsub_emulator", "gateway", *_STAND_INS]
    wanted += [f"function {spec.name}" for spec in blueprint.functions]
    ports: dict[str, int] = {}
    for name in wanted:
        port = free_port()
        while port in ports.values():
            port = free_port()
        ports[name] = port
    return Addresses(
        firestore=ports["firestore"],
        pubsub_emulator=ports["pubsub_emulator"],
        gateway=ports["gateway"],
        stand_ins={name: ports[name] for name in _STAND_INS},
        functions={spec.name: ports[f"function {spec.name}"] for spec in blueprint.functions},
    )


def environment(addresses: Addresses, market_clock: str, process_name: str) -> dict[str, str]:
    """The whole environment of one of our processes: the same settings as in the cloud."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return inherited | {
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "ENVIRONMENT": "sandbox",
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "PROCESS_NAME": process_name,
        "MARKET_CLOCK": market_clock,
        "SANDBOX_TOKEN": BEARER,
        "FIRESTORE_EMULATOR_HOST": f"127.0.0.1:{addresses.firestore}",
        "PUBSUB_EMULATOR_HOST": addresses.host("pubsub"),
        "SECRET_MANAGER_ADDRESS": addresses.host("secret_manager"),
        "SHEET_ID": SHEET_ID,
        "SHEETS_BASE_URL": addresses.url("sheets"),
        "TELEGRAM_BASE_URL": addresses.url("telegram"),
        "SENDGRID_BASE_URL": addresses.url("sendgrid"),
        "MAIL_FROM": ADMIN_MAIL,
        "DASHBOARD_BASE_URL": "http://localhost:5000",
        "REPORTS_BUCKET": BUCKET,
        "STORAGE_BASE_URL": addresses.url("storage"),
        "IAM_CREDENTIALS_BASE_URL": addresses.url("iam"),
        "SIGNING_ACCOUNT": SIGNING_ACCOUNT,
        "LINK_BASE_URL": f"http://127.0.0.1:{addresses.functions['report_link']}",
        "RUN_BASE_URL": addresses.url("run"),
        "FLEX_BASE_URL": f"{addresses.url('flex')}{flex.PATH}",
        "ECB_BASE_URL": addresses.url("ecb"),
        "REGION": REGION,
        "GATEWAY_HOLDER": "gateway-1",
        "PAGER_BASE_URL": addresses.url("telegram"),
        "HEALTH_PORT": str(addresses.gateway),
        "CONNECT_SECONDS": "10",
    }
