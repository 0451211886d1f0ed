"""Stand-in for Cloud Scheduler v1 (gRPC, real messages): the sandbox's own scheduler.

It runs on market time: at every instant at which jobs are due it publishes their messages, in the
order of the jobs' names, through the same Pub/Sub that everybody uses. A job that was missed while
nothing ran is not made up for, as the service's jobs are not without retries.
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import grpc
import grpc.aio
from google.api_core.exceptions import GoogleAPICallError
from google.cloud.scheduler_v1.types import cloudscheduler as api
from google.cloud.scheduler_v1.types import job as jobs
from google.pubsub_v1 import PublisherAsyncClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcAsyncIOTransport
from google.pubsub_v1.types import PubsubMessage

from shared.ports.clock import AsyncClock
from tests.sandbox.cron import BadCron, Cron, parse_cron
from tests.sandbox.rpc import Method, RpcFault, RpcService, invalid

SERVICE = "google.cloud.scheduler.v1.CloudScheduler"

_LOCATION = re.compile(r"projects/[a-z0-9-]+/locations/[a-z0-9-]+")
_JOB_ID = re.compile(r"[A-Za-z0-9_-]{1,500}")
_TOPIC = re.compile(r"projects/[a-z0-9-]+/topics/[A-Za-z][A-Za-z0-9._~+%-]{2,254}")
# From here a schedule is searched for eight years before it is said never to come.
_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Job:
    wanted: jobs.Job
    cron: Cron
    zone: ZoneInfo
    next_at: datetime | None = None
    state: str = "ENABLED"
    last_at: datetime | None = None
    code: int = 0

    def plan(self, now: datetime) -> None:
        self.next_at = self.cron.next_after(now, self.zone)

    def shown(self) -> jobs.Job:
        is_enabled = self.state == "ENABLED"
        return jobs.Job(
            self.wanted,
            state=self.state,
            schedule_time=self.next_at if is_enabled else None,
            last_attempt_time=self.last_at,
            status={"code": self.code},
        )


class Scheduler:
    """Scheduled jobs with Pub/Sub targets.

    Args:
        project_id: The only project that exists here.
        location: The only location.
        pubsub_address: `host:port` of the Pub/Sub to publish to.
    """

    def __init__(self, project_id: str, location: str, pubsub_address: str) -> None:
        self._parent = f"projects/{project_id}/locations/{location}"
        self._pubsub_address = pubsub_address
        self._clock: AsyncClock | None = None
        self._jobs: dict[str, _Job] = {}
        self._changed = asyncio.Event()
        self._publisher: PublisherAsyncClient | None = None
        self._channel: grpc.aio.Channel | None = None

    def put(self, job: jobs.Job) -> None:
        """Make a job: for seeding. Its next run is known once `run` has begun.

        Raises:
            RpcFault: As CreateJob does.
        """
        parent, _, job_id = str(job.name).partition("/jobs/")
        self._check_parent(parent)
        if _JOB_ID.fullmatch(job_id) is None:
            raise invalid("Job name must match projects/*/locations/*/jobs/*.")
        if job.name in self._jobs:
            raise RpcFault(grpc.StatusCode.ALREADY_EXISTS, f"Job [{job.name}] already exists.")
        made = _checked(job)
        if self._clock is not None:
            made.plan(self._clock.now())
        self._jobs[job.name] = made
        self._changed.set()

    async def run(self, clock: AsyncClock) -> None:
        """Publish every due job on market time, until canceled."""
        self._clock = clock
        for job in self._jobs.values():
            job.plan(clock.now())
        while True:
            self._changed.clear()
            due_at = min((job.next_at for job in self._enabled() if job.next_at), default=None)
            if due_at is None:
                await self._changed.wait()
            elif await _reached(clock, due_at, self._changed):
                await self._publish_due(clock)

    async def close(self) -> None:
        """Close the connection to Pub/Sub."""
        if self._channel is not None:
            await self._channel.close()
            self._channel = self._publisher = None

    def service(self) -> RpcService:
        """The methods, to be served by `serve_rpc`."""
        return RpcService(
            name=SERVICE,
            methods={
                "CreateJob": Method(
                    asks=api.CreateJobRequest, answers=jobs.Job, handle=self._create
                ),
                "GetJob": Method(asks=api.GetJobRequest, answers=jobs.Job, handle=self._get),
                "ListJobs": Method(
                    asks=api.ListJobsRequest, answers=api.ListJobsResponse, handle=self._list
                ),
                "PauseJob": Method(asks=api.PauseJobRequest, answers=jobs.Job, handle=self._pause),
                "ResumeJob": Method(
                    asks=api.ResumeJobRequest, answers=jobs.Job, handle=self._resume
                ),
                "RunJob": Method(asks=api.RunJobRequest, answers=jobs.Job, handle=self._run_now),
                "DeleteJob": Method(asks=api.DeleteJobRequest, answers=None, handle=self._delete),
            },
        )

    async def _create(self, request: api.CreateJobRequest) -> jobs.Job:
        self._check_parent(request.parent)
        # The service picks a name where there is none; ours are all written down.
        if not request.job.name.startswith(f"{request.parent}/jobs/"):
            raise invalid("Job name must lie under the parent.")
        self.put(request.job)
        return self._jobs[request.job.name].shown()

    async def _get(self, request: api.GetJobRequest) -> jobs.Job:
        return self._job(request.name).shown()

    async def _list(self, request: api.ListJobsRequest) -> api.ListJobsResponse:
        self._check_parent(request.parent)
        names = sorted(self._jobs)
        start = int(request.page_token) if request.page_token.isdecimal() else 0
        end = start + min(request.page_size or 500, 500)
        return api.ListJobsResponse(
            jobs=[self._jobs[name].shown() for name in names[start:end]],
            next_page_token=str(end) if end < len(names) else "",
        )

    async def _pause(self, request: api.PauseJobRequest) -> jobs.Job:
        job = self._job(request.name)
        if job.state != "ENABLED":
            raise RpcFault(
                grpc.StatusCode.FAILED_PRECONDITION, f"Job [{request.name}] is not enabled."
            )
        job.state = "PAUSED"
        self._changed.set()
        return job.shown()

    async def _resume(self, request: api.ResumeJobRequest) -> jobs.Job:
        job = self._job(request.name)
        if job.state != "PAUSED":
            raise RpcFault(
                grpc.StatusCode.FAILED_PRECONDITION, f"Job [{request.name}] is not paused."
            )
        job.state = "ENABLED"
        if self._clock is not None:
            job.plan(self._clock.now())
        self._changed.set()
        return job.shown()

    async def _run_now(self, request: api.RunJobRequest) -> jobs.Job:
        """Force a run; a paused job runs as well, and no run of the schedule is left out."""
        job = self._job(request.name)
        if self._clock is None:
            raise RpcFault(grpc.StatusCode.UNAVAILABLE, "The scheduler does not run yet.")
        await self._publish(job, self._clock)
        return job.shown()

    async def _delete(self, request: api.DeleteJobRequest) -> None:
        self._job(request.name)
        del self._jobs[request.name]
        self._changed.set()

    def _check_parent(self, parent: str) -> None:
        if _LOCATION.fullmatch(parent) is None:
            raise invalid("Parent must match projects/*/locations/*.")
        if parent != self._parent:
            raise RpcFault(
                grpc.StatusCode.PERMISSION_DENIED,
                f'The principal lacks IAM permission for the resource "{parent}" (or the resource '
                "may not exist).",
            )

    def _job(self, name: str) -> _Job:
        if name not in self._jobs:
            raise RpcFault(grpc.StatusCode.NOT_FOUND, "Job not found.")
        return self._jobs[name]

    def _enabled(self) -> list[_Job]:
        return [job for _, job in sorted(self._jobs.items()) if job.state == "ENABLED"]

    async def _publish_due(self, clock: AsyncClock) -> None:
        now = clock.now()
        for job in self._enabled():
            if job.next_at is not None and job.next_at <= now:
                job.plan(now)
                await self._publish(job, clock)

    async def _publish(self, job: _Job, clock: AsyncClock) -> None:
        target = job.wanted.pubsub_target
        message = PubsubMessage(data=target.data, attributes=dict(target.attributes))
        job.last_at = clock.now()
        with clock.outside_call():
            try:
                await self._client().publish(topic=target.topic_name, messages=[message])
                job.code = 0
            except GoogleAPICallError as error:
                _log.warning("%s: %s", job.wanted.name, error)
                job.code = error.grpc_status_code.value[0] if error.grpc_status_code else 2

    def _client(self) -> PublisherAsyncClient:
        if self._publisher is None:
            self._channel = grpc.aio.insecure_channel(self._pubsub_address)
            transport = PublisherGrpcAsyncIOTransport(channel=self._channel)
            self._publisher = PublisherAsyncClient(transport=transport)
        return self._publisher


def _checked(job: jobs.Job) -> _Job:
    """Refuse what the service refuses, and targets that the platform does not use."""
    if "pubsub_target" not in job:
        raise invalid("Only Pub/Sub targets are known here.")
    if _TOPIC.fullmatch(job.pubsub_target.topic_name) is None:
        raise invalid("PubsubTarget.topic_name must match projects/*/topics/*.")
    if not job.pubsub_target.data and not job.pubsub_target.attributes:
        raise invalid("Pubsub message must contain either non-empty data, or an attribute.")
    try:
        cron = parse_cron(job.schedule)
        zone = ZoneInfo(job.time_zone or "Etc/UTC")
        cron.next_after(_ANY_TIME, zone)
    except (BadCron, ZoneInfoNotFoundError, ValueError) as error:
        raise invalid(f"Schedule or time zone is invalid: {error}") from error
    return _Job(wanted=jobs.Job(job), cron=cron, zone=zone)


async def _reached(clock: AsyncClock, at: datetime, changed: asyncio.Event) -> bool:
    """Wait for an instant, or for a change of the jobs; tells whether the instant has come."""
    waits = [asyncio.create_task(wait) for wait in (_sleep(clock, at), _wait(changed))]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        return waits[0].done()
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


async def _sleep(clock: AsyncClock, at: datetime) -> None:
    await clock.sleep_until(at)


async def _wait(changed: asyncio.Event) -> None:
    await changed.wait()
