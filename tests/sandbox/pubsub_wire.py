"""Passes gRPC calls for Pub/Sub on to the emulator as raw bytes, looking into four of them.

`Publisher.Publish` begins messages; `Subscriber.StreamingPull` and `Subscriber.Pull` tell which
message an acknowledgement id stands for; `Subscriber.Acknowledge` (or a StreamingPull request)
ends messages. Everything else passes unread.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field

import grpc
import grpc.aio
from google.pubsub_v1.types import (
    AcknowledgeRequest,
    ModifyAckDeadlineRequest,
    PublishRequest,
    PublishResponse,
    PullRequest,
    PullResponse,
    ReceivedMessage,
    StreamingPullRequest,
    StreamingPullResponse,
)

from tests.sandbox.message_ledger import MessageLedger

CHANNEL_OPTIONS = (
    # A message may have 10 MB; gRPC itself would stop at 4 MiB.
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # An emulator that was restarted is found again quickly; gRPC itself would wait up to 120 s.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
)

_SERVICES = (
    "/google.pubsub.v1.Publisher/",
    "/google.pubsub.v1.Subscriber/",
    "/google.pubsub.v1.SchemaService/",
    "/google.iam.v1.IAMPolicy/",
)
_PUBLISH = "/google.pubsub.v1.Publisher/Publish"
_PULL = "/google.pubsub.v1.Subscriber/Pull"
_ACKNOWLEDGE = "/google.pubsub.v1.Subscriber/Acknowledge"
_MODIFY_ACK_DEADLINE = "/google.pubsub.v1.Subscriber/ModifyAckDeadline"
_STREAMING_PULL = "/google.pubsub.v1.Subscriber/StreamingPull"

_LEAVE_SECONDS = 2.0
_TRY_AGAIN = "The service was unable to fulfill your request. Please try again."

_Context = grpc.aio.ServicerContext[bytes, bytes]
_Metadata = Sequence[tuple[str, str | bytes]]


@dataclass(eq=False, kw_only=True, slots=True)
class _Stream:
    """A subscriber's streaming pull: our task that serves it, and its call to the emulator."""

    handler: asyncio.Task[object]
    call: grpc.aio.StreamStreamCall[bytes, bytes]
    subscription: str
    ack_ids: list[str] = field(default_factory=list)
    answers: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)


class PassThrough(grpc.GenericRpcHandler):
    """A gRPC handler for every method of Pub/Sub.

    Args:
        channel: To the emulator.
        ledger: Told what begins and ends.
        on_published: Told every request the emulator has taken, and the ids it gave.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        ledger: MessageLedger,
        on_published: Callable[[PublishRequest, Sequence[str]], None],
    ) -> None:
        self._channel = channel
        self._ledger = ledger
        self._on_published = on_published
        self._delivered: dict[str, tuple[str, str]] = {}
        self._streams: set[_Stream] = set()
        self._leaving: set[asyncio.Task[None]] = set()
        self._open_stream: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(
            _STREAMING_PULL
        )

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        """Return the handler of one call; None (unimplemented) outside Pub/Sub."""
        method = handler_call_details.method
        if method == _STREAMING_PULL:
            return grpc.stream_stream_rpc_method_handler(self._stream)
        if not method.startswith(_SERVICES):
            return None

        async def answer(request: bytes, context: _Context) -> bytes:
            return await self._answer(method, request, context)

        return grpc.unary_unary_rpc_method_handler(answer)

    async def publish(self, request: bytes, metadata: _Metadata = ()) -> bytes:
        """Publish, counting the messages from before the call on; has no time-out.

        Raises:
            grpc.aio.AioRpcError: If the emulator refuses; then nothing is in flight.
        """
        asked = PublishRequest.deserialize(request)
        publication = self._ledger.begin(asked.topic, len(asked.messages))
        try:
            answer = await self._ask(_PUBLISH, request, metadata, None)
        except BaseException:
            publication.failed()
            raise
        message_ids = PublishResponse.deserialize(answer).message_ids
        publication.succeeded(message_ids)
        self._on_published(asked, message_ids)
        return answer

    def drop_streams(self) -> int:
        """End every streaming pull as Pub/Sub does now and then; subscribers open new ones.

        Returns:
            How many there were.
        """
        dropped, self._streams = self._streams, set()
        for stream in dropped:
            stream.handler.cancel()
        return len(dropped)

    async def close(self) -> None:
        """Wait until the streams of subscribers that have gone are ended."""
        while self._leaving:
            await asyncio.gather(*self._leaving)

    async def _answer(self, method: str, request: bytes, context: _Context) -> bytes:
        metadata = _metadata(context)
        try:
            if method == _PUBLISH:
                # Goes on where the caller gives up, or nobody would know whether it exists.
                return await asyncio.shield(asyncio.create_task(self.publish(request, metadata)))
            answer = await self._ask(method, request, metadata, context.time_remaining())
        except grpc.aio.AioRpcError as error:
            return await _abort(context, error)
        if method == _ACKNOWLEDGE:
            self._acknowledged(AcknowledgeRequest.deserialize(request).ack_ids)
        if method == _PULL:
            received = PullResponse.deserialize(answer).received_messages
            self._received(PullRequest.deserialize(request).subscription, received)
        return answer

    async def _ask(
        self, method: str, request: bytes, metadata: _Metadata, timeout_seconds: float | None
    ) -> bytes:
        ask: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = self._channel.unary_unary(method)
        return await ask(request, metadata=metadata, timeout=timeout_seconds)

    async def _stream(self, requests: AsyncIterator[bytes], context: _Context) -> None:
        first = await anext(requests, None)
        if first is None:
            return
        stream = _Stream(
            handler=_this_task(),
            call=self._open_stream(metadata=_metadata(context)),
            subscription=StreamingPullRequest.deserialize(first).subscription,
        )
        self._streams.add(stream)
        # Both work in tasks of their own: canceling a task that reads or writes a call cancels
        # the call, and the emulator goes on delivering to a canceled call (measured).
        reading = asyncio.create_task(self._read(stream))
        pump = asyncio.create_task(self._pump(first, requests, stream.call))
        try:
            while (answer := await stream.answers.get()) is not None:
                await context.write(answer)
            await reading
        except grpc.aio.AioRpcError as error:
            await _abort(context, error)
        except asyncio.CancelledError:
            if stream in self._streams:
                raise
            await context.abort(grpc.StatusCode.UNAVAILABLE, _TRY_AGAIN)
        finally:
            self._streams.discard(stream)
            pump.cancel()
            leaving = asyncio.create_task(self._leave(stream, reading))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    async def _read(self, stream: _Stream) -> None:
        try:
            async for answer in stream.call:
                received = StreamingPullResponse.deserialize(answer).received_messages
                self._received(stream.subscription, received)
                stream.ack_ids.extend(message.ack_id for message in received)
                stream.answers.put_nowait(answer)
        finally:
            stream.answers.put_nowait(None)

    async def _leave(self, stream: _Stream, reading: asyncio.Task[None]) -> None:
        """End a stream to the emulator, and give back what nobody has acknowledged.

        It would otherwise be missing until its deadline: a minute with the client library.
        """
        with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError, TimeoutError):
            async with asyncio.timeout(_LEAVE_SECONDS):
                await stream.call.done_writing()
                await reading
                await self._give_back(stream)
        stream.call.cancel()

    async def _give_back(self, stream: _Stream) -> None:
        kept = {ack_id for ack_id in stream.ack_ids if ack_id in self._delivered}
        if kept:
            request = ModifyAckDeadlineRequest(
                subscription=stream.subscription, ack_ids=sorted(kept), ack_deadline_seconds=0
            )
            encoded = ModifyAckDeadlineRequest.serialize(request)
            await self._ask(_MODIFY_ACK_DEADLINE, encoded, (), _LEAVE_SECONDS)

    async def _pump(
        self,
        first: bytes,
        requests: AsyncIterator[bytes],
        call: grpc.aio.StreamStreamCall[bytes, bytes],
    ) -> None:
        """Pass the subscriber's requests on until it has no more."""
        await asyncio.shield(call.write(first))
        async for request in requests:
            await asyncio.shield(call.write(request))
            self._acknowledged(StreamingPullRequest.deserialize(request).ack_ids)
        await asyncio.shield(call.done_writing())

    def _received(self, subscription: str, messages: Iterable[ReceivedMessage]) -> None:
        for received in messages:
            self._delivered[received.ack_id] = (subscription, received.message.message_id)

    def _acknowledged(self, ack_ids: Iterable[str]) -> None:
        for ack_id in ack_ids:
            if ack_id in self._delivered:
                self._ledger.acknowledge(*self._delivered.pop(ack_id))


def _this_task() -> asyncio.Task[object]:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("not in a task")
    return task


def _metadata(context: _Context) -> _Metadata:
    """What the caller sent beside its request, without what gRPC writes itself."""
    sent = context.invocation_metadata() or ()
    return [(key, value) for key, value in sent if key.startswith("x-")]


async def _abort(context: _Context, error: grpc.aio.AioRpcError) -> bytes:
    await context.abort(error.code(), error.details() or "", tuple(error.trailing_metadata()))
