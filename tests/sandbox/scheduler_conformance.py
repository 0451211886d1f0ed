"""What Cloud Scheduler answers, row by row; the stand-in must answer the same.

The rows are played at 2026-03-02 14:26:30 UTC, half a minute before 09:27 in New York.
"""

from __future__ import annotations

from tests.sandbox.control import Json
from tests.sandbox.rpc import RpcRow

_RPC = "https://cloud.google.com/scheduler/docs/reference/rpc/google.cloud.scheduler.v1"
_CRON = "https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules"
_STATES = "https://cloud.google.com/scheduler/docs/creating#states"
PROJECT_ID = "p"
LOCATION = "us-east4"
_PARENT = f"projects/{PROJECT_ID}/locations/{LOCATION}"
_NAME = f"{_PARENT}/jobs/ingest-signal"
_TARGET: dict[str, Json] = {"topic_name": "projects/p/topics/ingest-signal", "data": "e30="}
_JOB: dict[str, Json] = {
    "name": _NAME,
    "schedule": "27 9 * * 1-5",
    "time_zone": "America/New_York",
    "pubsub_target": _TARGET,
}
_CREATE: tuple[str, dict[str, Json]] = ("CreateJob", {"parent": _PARENT, "job": _JOB})
_PAUSE: tuple[str, dict[str, Json]] = ("PauseJob", {"name": _NAME})


def _refused(row_name: str, row_source: str, /, **fields: Json) -> RpcRow:
    """A job that differs from a good one in some fields (None: without it) and is refused."""
    job: Json = {key: value for key, value in {**_JOB, **fields}.items() if value is not None}
    return RpcRow(
        name=row_name,
        method="CreateJob",
        request={"parent": _PARENT, "job": job},
        code="INVALID_ARGUMENT",
        source=row_source,
    )


ROWS: tuple[RpcRow, ...] = (
    RpcRow(
        name="a new job is enabled and knows its next run",
        method=_CREATE[0],
        request=_CREATE[1],
        answer={**_JOB, "state": "ENABLED", "schedule_time": "2026-03-02T14:27:00Z"},
        source=f"{_RPC}#google.cloud.scheduler.v1.Job",
    ),
    RpcRow(
        name="a job is made once",
        before=(_CREATE,),
        method=_CREATE[0],
        request=_CREATE[1],
        code="ALREADY_EXISTS",
        source=f"{_RPC}#google.cloud.scheduler.v1.CloudScheduler",
    ),
    _refused("a schedule of six fields is refused", _CRON, schedule="0 27 9 * * 1-5"),
    _refused("there is no L", _CRON, schedule="0 0 L * *"),
    _refused("a day that never comes is refused", f"{_CRON} (stricter)", schedule="0 0 30 2 *"),
    _refused("a time zone must be a tz database name", _CRON, time_zone="New York"),
    _refused(
        "a topic must be named in full",
        f"{_RPC}#google.cloud.scheduler.v1.PubsubTarget",
        pubsub_target={"topic_name": "ingest-signal", "data": "e30="},
    ),
    _refused(
        "a message must not be empty",
        f"{_RPC}#google.cloud.scheduler.v1.PubsubTarget",
        pubsub_target={"topic_name": "projects/p/topics/ingest-signal"},
    ),
    _refused(
        "a job without a target is refused",
        f"{_RPC}#google.cloud.scheduler.v1.Job",
        pubsub_target=None,
    ),
    _refused(
        "a job with an HTTP target is refused",
        f"{_RPC}#google.cloud.scheduler.v1.HttpTarget (stricter: the platform has none)",
        pubsub_target=None,
        http_target={"uri": "http://127.0.0.1:9/"},
    ),
    _refused(
        "a job lies under its parent",
        f"{_RPC}#google.cloud.scheduler.v1.CreateJobRequest",
        name="ingest-signal",
    ),
    RpcRow(
        name="another project is closed to us",
        method="ListJobs",
        request={"parent": "projects/somebody-else/locations/us-east4"},
        code="PERMISSION_DENIED",
        source="https://cloud.google.com/scheduler/docs/access-control",
    ),
    RpcRow(
        name="the time zone is UTC where none is given",
        method="CreateJob",
        request={
            "parent": _PARENT,
            "job": {"name": _NAME, "schedule": "0 16 * * *", "pubsub_target": _TARGET},
        },
        answer={"schedule_time": "2026-03-02T16:00:00Z"},
        source=_CRON,
    ),
    RpcRow(
        name="a missing job is not found",
        method="GetJob",
        request={"name": _NAME},
        code="NOT_FOUND",
        text="Job not found.",
        source=f"{_RPC}#google.cloud.scheduler.v1.CloudScheduler",
    ),
    RpcRow(
        name="a paused job has no next run",
        before=(_CREATE,),
        method="PauseJob",
        request=_PAUSE[1],
        answer={"state": "PAUSED"},
        source=_STATES,
    ),
    RpcRow(
        name="only an enabled job can be paused",
        before=(_CREATE, _PAUSE),
        method="PauseJob",
        request=_PAUSE[1],
        code="FAILED_PRECONDITION",
        source=f"{_RPC}#google.cloud.scheduler.v1.PauseJobRequest",
    ),
    RpcRow(
        name="a paused job can be resumed",
        before=(_CREATE, _PAUSE),
        method="ResumeJob",
        request={"name": _NAME},
        answer={"state": "ENABLED", "schedule_time": "2026-03-02T14:27:00Z"},
        source=f"{_RPC}#google.cloud.scheduler.v1.ResumeJobRequest",
    ),
    RpcRow(
        name="only a paused job can be resumed",
        before=(_CREATE,),
        method="ResumeJob",
        request={"name": _NAME},
        code="FAILED_PRECONDITION",
        source=f"{_RPC}#google.cloud.scheduler.v1.ResumeJobRequest",
    ),
    RpcRow(
        name="jobs are listed by their location",
        before=(_CREATE,),
        method="ListJobs",
        request={"parent": _PARENT},
        answer={"jobs": [{"name": _NAME}]},
        source=f"{_RPC}#google.cloud.scheduler.v1.ListJobsResponse",
    ),
    RpcRow(
        name="a deleted job is gone",
        before=(_CREATE, ("DeleteJob", {"name": _NAME})),
        method="GetJob",
        request={"name": _NAME},
        code="NOT_FOUND",
        source=f"{_RPC}#google.cloud.scheduler.v1.DeleteJobRequest",
    ),
)
