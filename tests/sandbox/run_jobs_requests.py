"""Reads the body of `jobs.run` as strictly as Google's JSON front end does."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.sandbox.control import Json

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]{1,9})?)s")


class BadRequest(Exception):
    """A body that is refused.

    Args:
        field_path: The member at fault; empty for the whole body.
        message: What Google says.
    """

    def __init__(self, field_path: str, message: str) -> None:
        super().__init__(message)
        self.field_path = field_path
        self.message = message


@dataclass(frozen=True, kw_only=True, slots=True)
class Overrides:
    """What a run changes of its job.

    Attributes:
        args: Arguments instead of the job's; None keeps the job's.
        env: Environment variables beside the job's.
        task_count: How many tasks; None keeps the job's.
        timeout_seconds: Machine time a task may take; None keeps the job's.
    """

    args: tuple[str, ...] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    task_count: int | None = None
    timeout_seconds: float | None = None


def parse_run_request(body: bytes) -> Overrides:
    """Read a RunJobRequest.

    Raises:
        BadRequest: If it is not one, or asks for what the stand-in does not have.
    """
    request = _object(_loads(body), "", {"overrides", "etag", "validateOnly"})
    if "etag" in request or "validateOnly" in request:
        raise BadRequest("", "etag and validateOnly are not known here.")
    path = "overrides"
    overrides = _object(request.get(path, {}), path, {"containerOverrides", "taskCount", "timeout"})
    container = _container(overrides.get("containerOverrides", []))
    return Overrides(
        args=_args(container),
        env=_env(container.get("env", [])),
        task_count=_task_count(overrides.get("taskCount")),
        timeout_seconds=_timeout(overrides.get("timeout")),
    )


def _loads(body: bytes) -> Json:
    if not body:
        return {}
    try:
        loaded: Json = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("", "Invalid JSON payload received. Parser error.") from None
    return loaded


def _object(value: Json, path: str, known: set[str]) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise BadRequest(path, f"Invalid value at '{path}' (Message), {json.dumps(value)}")
    for name in value:
        if name not in known:
            where = f" at '{path}'" if path else ""
            message = f'Invalid JSON payload received. Unknown name "{name}"{where}'
            raise BadRequest(path, f"{message}: Cannot find field.")
    return value


def _list(value: Json, path: str) -> list[Json]:
    if not isinstance(value, list):
        raise BadRequest(path, f"Invalid value at '{path}' (repeated), {json.dumps(value)}")
    return value


def _text(value: Json, path: str) -> str:
    if not isinstance(value, str):
        raise BadRequest(path, f"Invalid value at '{path}' (TYPE_STRING), {json.dumps(value)}")
    return value


def _container(value: Json) -> dict[str, Json]:
    path = "overrides.container_overrides"
    containers = _list(value, path)
    if len(containers) > 1:
        raise BadRequest(path, "Only one container can be overridden: the job has no more.")
    known = {"name", "args", "env", "clearArgs"}
    container = _object(containers[0], f"{path}[0]", known) if containers else {}
    if "name" in container:
        raise BadRequest(path, "The job's container has no name.")
    return container


def _args(container: Mapping[str, Json]) -> tuple[str, ...] | None:
    path = "overrides.container_overrides[0].args"
    if "args" in container:
        return tuple(_text(item, path) for item in _list(container["args"], path))
    return () if container.get("clearArgs") is True else None


def _env(value: Json) -> dict[str, str]:
    path = "overrides.container_overrides[0].env"
    variables = {}
    for item in _list(value, path):
        variable = _object(item, path, {"name", "value"})
        name = _text(variable.get("name", ""), f"{path}.name")
        if not name:
            raise BadRequest(path, "An environment variable needs a name.")
        if name in variables:
            raise BadRequest(path, f"Environment variable {name} is given twice.")
        variables[name] = _text(variable.get("value", ""), f"{path}.value")
    return variables


def _task_count(value: Json) -> int | None:
    path = "overrides.task_count"
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadRequest(path, f"Invalid value at '{path}' (TYPE_INT32), {json.dumps(value)}")
    if not 1 <= value <= 10_000:
        raise BadRequest(path, "The task count must be between 1 and 10000.")
    return value


def _timeout(value: Json) -> float | None:
    path = "overrides.timeout"
    if value is None:
        return None
    match = _DURATION.fullmatch(_text(value, path))
    if match is None:
        raise BadRequest(path, f"Invalid value at '{path}' (Duration), {json.dumps(value)}")
    if not 0 < float(match[1]) <= 604_800:
        raise BadRequest(path, "The timeout must be between 1 second and 168 hours.")
    return float(match[1])
