"""What the Cloud Run Admin API answers about jobs, row by row; the stand-in answers the same."""

from __future__ import annotations

from tests.sandbox.conformance import Row
from tests.sandbox.control import Json

PROJECT_ID = "demo-spreadpilot"
LOCATION = "us-east4"
JOB = "reports"

_REST = "https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs"
_ERRORS = "https://google.aip.dev/193"
_JSON = "https://protobuf.dev/programming-guides/json/"
_PARENT = f"/v2/projects/{PROJECT_ID}/locations/{LOCATION}"
_RUN = f"POST {_PARENT}/jobs/{JOB}:run"
_SIGNED_IN = {"Authorization": "Bearer sandbox-token"}


def _refused(name: str, body: Json, message: str, source: str) -> Row:
    return Row(
        name=name,
        request=_RUN,
        headers=_SIGNED_IN,
        json=body,
        status=400,
        text=message,
        answer={"error": {"code": 400, "status": "INVALID_ARGUMENT"}},
        source=source,
    )


def _overriding(**container: Json) -> Json:
    return {"overrides": {"containerOverrides": [container]}}


CONFORMANCE: tuple[Row, ...] = (
    Row(
        name="a run is an operation on an execution",
        request=_RUN,
        headers=_SIGNED_IN,
        json={"overrides": {"containerOverrides": [{"args": ["0"]}], "taskCount": 2}},
        status=200,
        answer={
            "metadata": {
                "@type": "type.googleapis.com/google.cloud.run.v2.Execution",
                "job": JOB,
                "taskCount": 2,
                "reconciling": True,
            }
        },
        source=f"{_REST}/run",
    ),
    Row(
        name="a run needs no body",
        request=_RUN,
        headers=_SIGNED_IN,
        status=200,
        answer={"metadata": {"taskCount": 1}},
        source=f"{_REST}/run",
    ),
    Row(
        name="a caller without a token is not authenticated",
        request=_RUN,
        status=401,
        answer={"error": {"code": 401, "status": "UNAUTHENTICATED"}},
        text="missing required authentication credential",
        source=_ERRORS,
    ),
    Row(
        name="a caller with a wrong token is not authenticated",
        request=_RUN,
        headers={"Authorization": "Bearer stolen"},
        status=401,
        answer={"error": {"code": 401, "status": "UNAUTHENTICATED"}},
        text="invalid authentication credentials",
        source=_ERRORS,
    ),
    Row(
        name="a job that does not exist is not found",
        request=f"POST {_PARENT}/jobs/unheard-of:run",
        headers=_SIGNED_IN,
        status=404,
        answer={"error": {"code": 404, "status": "NOT_FOUND"}},
        text="Resource 'unheard-of' of kind 'JOB' in region 'us-east4'",
        source="https://cloud.google.com/run/docs/troubleshooting",
    ),
    Row(
        name="another project is closed to us",
        request="POST /v2/projects/somebody-else/locations/us-east4/jobs/reports:run",
        headers=_SIGNED_IN,
        status=403,
        answer={"error": {"code": 403, "status": "PERMISSION_DENIED"}},
        source="https://cloud.google.com/run/docs/troubleshooting",
    ),
    Row(
        name="a job has no other verb",
        request=f"POST {_PARENT}/jobs/{JOB}:walk",
        headers=_SIGNED_IN,
        status=404,
        source=f"{_REST} (its list of methods)",
    ),
    Row(
        name="an execution that does not exist is not found",
        request=f"GET {_PARENT}/jobs/{JOB}/executions/reports-aaaaa",
        headers=_SIGNED_IN,
        status=404,
        answer={"error": {"code": 404, "status": "NOT_FOUND"}},
        source=f"{_REST}.executions/get",
    ),
    Row(
        name="an operation that does not exist is not found",
        request=f"GET {_PARENT}/operations/none",
        headers=_SIGNED_IN,
        status=404,
        answer={"error": {"code": 404, "status": "NOT_FOUND"}},
        source="https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.operations",
    ),
    Row(
        name="a body that is no JSON is refused",
        request=_RUN,
        headers=_SIGNED_IN,
        body=b"{",
        status=400,
        text="Invalid JSON payload received",
        source=_ERRORS,
    ),
    _refused("a body is an object", [1], "Invalid value at ''", _JSON),
    _refused(
        "an unknown member is refused", {"override": {}}, 'Unknown name \\"override\\"', _JSON
    ),
    _refused(
        "an unknown override is refused",
        {"overrides": {"tasks": 2}},
        "Unknown name \\\"tasks\\\" at 'overrides'",
        _JSON,
    ),
    _refused(
        "a number of tasks is a number",
        {"overrides": {"taskCount": "two"}},
        "overrides.task_count",
        _JSON,
    ),
    _refused(
        "a run has a task",
        {"overrides": {"taskCount": 0}},
        "between 1 and 10000",
        "https://cloud.google.com/run/quotas#jobs",
    ),
    _refused(
        "a time-out is a duration",
        {"overrides": {"timeout": "10m"}},
        "overrides.timeout",
        f"{_REST}/run#Overrides",
    ),
    _refused("arguments are a list", _overriding(args="0"), "args", _JSON),
    _refused("an argument is a text", _overriding(args=[0]), "args", _JSON),
    _refused(
        "a variable needs a name",
        _overriding(env=[{"value": "1"}]),
        "needs a name",
        f"{_REST}#EnvVar",
    ),
    _refused(
        "a variable from a secret can not be given here",
        _overriding(env=[{"name": "A", "valueSource": {}}]),
        'Unknown name \\"valueSource\\"',
        f"{_REST}#EnvVar (stricter)",
    ),
    _refused(
        "a job has one container",
        {"overrides": {"containerOverrides": [{}, {}]}},
        "Only one container",
        f"{_REST}/run#ContainerOverride",
    ),
)
