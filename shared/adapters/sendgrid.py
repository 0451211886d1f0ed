"""Mail through SendGrid v3."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import time
from collections.abc import Callable, Mapping
from typing import TypedDict
from urllib.error import URLError

from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from shared.domain.errors import AdapterError
from shared.domain.outbox import without_addresses
from shared.ports.mail import Attachment, Mail, MailUnconfirmed

SENDGRID_URL = "https://api.sendgrid.com"
_SERVICE = "sendgrid"
_TIMEOUT_SECONDS = 20.0
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500
# Failures that happen before a single byte of the mail has left.
_NOTHING_SENT = (ConnectionRefusedError, socket.gaierror)


class _Fault(TypedDict):
    message: str
    field: str | None


class SendGridMailer:
    """Sends mails, each exactly as often as it is told to.

    Args:
        api_key: A key with the "mail.send" scope.
        sender_email: A verified sender.
        sender_name: The name beside it.
        base_url: Where SendGrid answers, without a trailing slash.
        unix_time: Machine time, in seconds since 1970; SendGrid dates the end of a rate limit.
    """

    def __init__(
        self,
        *,
        api_key: str,
        sender_email: str,
        sender_name: str,
        base_url: str = SENDGRID_URL,
        unix_time: Callable[[], float] = time.time,
    ) -> None:
        self._client = SendGridAPIClient(api_key, host=base_url)
        self._sender = {"email": sender_email, "name": sender_name}
        self._unix_time = unix_time

    def send(self, mail: Mail) -> str:
        """Hand over one mail and return its X-Message-Id.

        Raises:
            MailUnconfirmed: The connection broke or timed out after the mail may have left.
            AdapterError: Refused (400, 401, 403, 413), or worth another try (429, 5xx, nobody
                answered at all).
        """
        try:
            answer = self._client.client.mail.send.post(
                request_body=self._body(mail), timeout=_TIMEOUT_SECONDS
            )
        except HTTPError as error:
            raise self._refused(error) from error
        except (OSError, http.client.HTTPException) as error:
            raise _broken(error) from error
        message_id = answer.headers.get("X-Message-Id")
        if not message_id:
            raise MailUnconfirmed(_SERVICE, f"{answer.status_code} without an X-Message-Id")
        return str(message_id)

    def _body(self, mail: Mail) -> Mapping[str, object]:
        body: dict[str, object] = {
            "personalizations": [_recipients(mail)],
            "from": self._sender,
            "subject": mail.subject,
            "content": [
                {"type": "text/plain", "value": mail.text},
                {"type": "text/html", "value": mail.html},
            ],
            "custom_args": {"outbox_id": mail.outbox_id},
            # Tracked links would pass their tokens through SendGrid's redirector.
            "tracking_settings": {
                "click_tracking": {"enable": False, "enable_text": False},
                "open_tracking": {"enable": False},
            },
        }
        if mail.attachments:
            body["attachments"] = [_attached(attachment) for attachment in mail.attachments]
        return body

    def _refused(self, error: HTTPError) -> AdapterError:
        status = int(error.status_code)
        return AdapterError(
            _SERVICE,
            f"{status}: {without_addresses(_said(error.body))}",
            retryable=status == _TOO_MANY_REQUESTS or status >= _SERVER_ERROR,
            retry_after_seconds=self._retry_after_seconds(error.headers),
        )

    def _retry_after_seconds(self, headers: Mapping[str, str]) -> float | None:
        """Seconds until X-RateLimit-Reset, which is a Unix time.

        https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/rate-limits
        """
        reset_at = headers.get("X-RateLimit-Reset")
        if reset_at is None or not reset_at.isdecimal():
            return None
        return max(0.0, int(reset_at) - self._unix_time())


def _recipients(mail: Mail) -> Mapping[str, object]:
    people: dict[str, object] = {"to": [{"email": mail.to}]}
    if mail.cc:
        people["cc"] = [{"email": address} for address in mail.cc]
    return people


def _attached(attachment: Attachment) -> Mapping[str, str]:
    return {
        "content": base64.b64encode(attachment.data).decode("ascii"),
        "type": attachment.content_type,
        "filename": attachment.name,
        "disposition": "attachment",
    }


def _said(body: bytes) -> str:
    try:
        faults: list[_Fault] = json.loads(body)["errors"]
        return "; ".join(
            f"{fault['field']}: {fault['message']}" if fault["field"] else fault["message"]
            for fault in faults
        )
    except (ValueError, KeyError, TypeError):
        return body.decode("utf-8", errors="replace")[:200]


def _broken(error: OSError | http.client.HTTPException) -> AdapterError:
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, _NOTHING_SENT):
        return AdapterError(_SERVICE, f"not reached: {cause}", retryable=True)
    return MailUnconfirmed(_SERVICE, f"no answer: {cause}")
