"""The one table of functions, topics and schedules agrees with the code it speaks of."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

import pytest
import yaml

from shared import config
from tests.sandbox.blueprint import ROOT, read_blueprint
from tests.sandbox.cron import parse_cron

TABLE = ROOT / "terraform" / "functions.yaml"


class _Runtime(TypedDict):
    settings: list[str]
    memory: str
    timeout_seconds: int


class _Table(TypedDict):
    functions: dict[str, _Runtime]
    jobs: dict[str, _Runtime]


def _table() -> _Table:
    table: _Table = yaml.safe_load(TABLE.read_text())
    return table


def _entry_points() -> dict[str, Path]:
    """Functions that carry functions-framework's decorator, and their files."""
    found = {}
    for path in sorted((ROOT / "functions").glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and any(
                "functions_framework" in ast.unparse(one) for one in node.decorator_list
            ):
                found[node.name] = path
    return found


def _settings_asked_for(paths: Iterator[Path]) -> set[str]:
    """Names of the groups given to `Services(...)`."""
    calls = (
        node
        for path in paths
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Services"
    )
    return {ast.unparse(argument) for call in calls for argument in call.args}


FUNCTIONS = sorted(_table()["functions"])


def test_the_table_names_every_function_and_no_other() -> None:
    points = _entry_points()
    assert sorted(points) == FUNCTIONS
    assert all(path.stem == name for name, path in points.items())


def test_schedules_and_functions_and_pulls_name_topics_that_exist() -> None:
    blueprint = read_blueprint()
    topics = set(blueprint.topics)
    assert {spec.topic for spec in blueprint.schedules} <= topics
    assert {spec.topic for spec in blueprint.functions if spec.topic} <= topics
    assert set(blueprint.pull_subscriptions.values()) <= topics
    assert len(blueprint.topics) == len(topics)


def test_every_topic_is_listened_to() -> None:
    blueprint = read_blueprint()
    heard = {spec.topic for spec in blueprint.functions} | set(
        blueprint.pull_subscriptions.values()
    )
    assert set(blueprint.topics) <= heard


def test_no_two_functions_share_a_topic() -> None:
    topics = [spec.topic for spec in read_blueprint().functions if spec.topic]
    assert len(topics) == len(set(topics))


def test_every_schedule_is_a_cron_text_for_a_function() -> None:
    blueprint = read_blueprint()
    pushed = {spec.topic for spec in blueprint.functions}
    for spec in blueprint.schedules:
        parse_cron(spec.cron)
        assert spec.topic in pushed, spec.name


def test_functions_outside_the_schedules_are_called_by_somebody() -> None:
    """Their topics are those our settings publish to; or they are public."""
    blueprint = read_blueprint()
    scheduled = {spec.topic for spec in blueprint.schedules}
    published = {
        field.default
        for group in config.GROUPS
        for name, field in group.model_fields.items()
        if name.endswith("_topic")
    }
    for spec in blueprint.functions:
        assert spec.topic is None or spec.topic in scheduled | published | {"reports"}, spec.name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_asks_for_the_settings_that_the_table_gives_it(name: str) -> None:
    path = ROOT / "functions" / f"{name}.py"
    assert _settings_asked_for(iter([path])) == set(_table()["functions"][name]["settings"])


def test_the_jobs_ask_for_the_settings_that_the_table_gives_them() -> None:
    given = {name for job in _table()["jobs"].values() for name in job["settings"]}
    assert _settings_asked_for((ROOT / "jobs").glob("*.py")) == given


def test_every_group_of_settings_exists() -> None:
    known = {group.__name__ for group in config.GROUPS}
    for runtimes in (_table()["functions"], _table()["jobs"]):
        for runtime in runtimes.values():
            assert set(runtime["settings"]) <= known


def test_the_job_that_is_started_exists() -> None:
    assert config.JobSettings.model_fields["reports_job"].default in read_blueprint().jobs


def test_the_gateways_subscription_exists() -> None:
    name = config.GatewaySettings.model_fields["orders_subscription"].default
    assert read_blueprint().pull_subscriptions[name] == "orders"


def test_no_function_may_work_longer_than_its_message_is_waited_for() -> None:
    for runtime in _table()["functions"].values():
        assert 0 < runtime["timeout_seconds"] <= 600
