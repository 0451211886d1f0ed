"""Publishing through Google Pub/Sub."""

from __future__ import annotations

from collections.abc import Mapping

from google.api_core.exceptions import (
    DeadlineExceeded,
    GoogleAPIError,
    ServerError,
    TooManyRequests,
)
from google.api_core.retry import Retry, if_exception_type
from google.cloud.pubsub_v1 import PublisherClient
from google.pubsub_v1 import PublisherClient as DirectClient
from google.pubsub_v1.types import PublishRequest, PubsubMessage

from shared.adapters.google_errors import translate
from shared.adapters.pubsub_data import JsonObject, encode_data
from shared.ports.publisher import NO_ATTRIBUTES

_SERVICE = "pubsub"


class PubsubPublisher:
    """`Publisher` on Google Pub/Sub; sends every message at once.

    The library reads PUBSUB_EMULATOR_HOST by itself when this is constructed. Its batching publish
    is passed by: it sends from threads of its own, and with message ordering it retries for 136
    years whatever time-out it is given. Waiting for each message keeps the order of a caller.

    Args:
        project_id: Project that owns the topics.
        timeout_seconds: Machine time after which a message counts as not taken, retries included.
    """

    def __init__(self, project_id: str, *, timeout_seconds: float = 10.0) -> None:
        self._project_id = project_id
        self._timeout_seconds = timeout_seconds
        self._client = PublisherClient()
        self._retry = Retry(
            predicate=if_exception_type(DeadlineExceeded, ServerError, TooManyRequests),
            initial=0.1,
            maximum=2.0,
            timeout=timeout_seconds,
        )

    def publish(
        self,
        topic: str,
        data: JsonObject,
        *,
        attributes: Mapping[str, str] = NO_ATTRIBUTES,
        ordering_key: str = "",
    ) -> str:
        """Publish one message and wait until Pub/Sub has taken it; returns its id.

        Raises:
            NotFound: If there is no such topic.
            AdapterError: If the message was not taken, or nobody knows.
        """
        message = PubsubMessage(
            data=encode_data(data), attributes=dict(attributes), ordering_key=ordering_key
        )
        request = PublishRequest(
            topic=f"projects/{self._project_id}/topics/{topic}", messages=[message]
        )
        try:
            response = DirectClient.publish(
                self._client, request=request, retry=self._retry, timeout=self._timeout_seconds
            )
        except GoogleAPIError as error:
            raise translate(_SERVICE, error) from error
        return str(response.message_ids[0])

    def close(self) -> None:
        """Close the connection; every message has been sent by then."""
        self._client.transport.close()
