"""report_link: opens a report file for whoever has its link. Public, and it only reads.

A link is this function's address, or that of a page that posts to it, with the token after `#`.
GET answers with a page that posts the token after a click, so that mail scanners open nothing
and no request log holds a token; POST (a form or JSON) answers 303 to the file.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import functions_framework
from flask import Request, Response, jsonify

from functions.link_pages import (
    NO_TOKEN,
    NOT_ALLOWED,
    OUT_OF_ORDER,
    REFUSALS,
    TOO_LARGE,
    Refusal,
    headers,
    opening_page,
    refusal_page,
)
from shared.adapters.json_log import log_error, log_event
from shared.adapters.machine_time import machine_now
from shared.bootstrap import Services
from shared.config import ReportSettings
from shared.domain.errors import SpreadPilotError
from shared.domain.report_link import LinkRefusal
from shared.use_cases.open_report import open_report

LARGEST_REQUEST_BYTES = 4096

services = Services(ReportSettings)


@functions_framework.http
def report_link(request: Request) -> Response:
    """Answer a visitor."""
    response = _answer(request)
    storage = urlsplit(services.settings(ReportSettings).storage_base_url)
    response.headers.update(headers(f"{storage.scheme}://{storage.netloc}"))
    return response


def _answer(request: Request) -> Response:
    if request.method in ("GET", "HEAD"):
        return Response(opening_page(), mimetype="text/html")
    if request.method != "POST":
        return _refused(request, NOT_ALLOWED)
    if (request.content_length or 0) > LARGEST_REQUEST_BYTES:
        return _refused(request, TOO_LARGE)
    token = _token(request)
    return _opened(request, token) if token else _refused(request, NO_TOKEN)


def _opened(request: Request, token: str) -> Response:
    settings = services.settings(ReportSettings)
    try:
        opened = open_report(
            token=token,
            key=services.secrets.read(settings.link_secret),
            machine_now=machine_now(),
            reports=services.reports,
            files=services.files,
        )
    except SpreadPilotError as error:
        log_error("report_not_opened", error)
        return _refused(request, OUT_OF_ORDER)
    if isinstance(opened, LinkRefusal):
        log_event("report_link_refused", severity="NOTICE", audit=True, reason=opened)
        return _refused(request, REFUSALS[opened])
    log_event("report_opened", severity="NOTICE", audit=True, file=urlsplit(opened).path)
    return Response(status=303, headers={"Location": opened})


def _token(request: Request) -> str:
    if request.is_json:
        body = request.get_json(silent=True)
        token = body.get("token") if isinstance(body, dict) else None
    else:
        token = request.form.get("token")
    return token if isinstance(token, str) else ""


def _refused(request: Request, refusal: Refusal) -> Response:
    if request.is_json:
        response = jsonify({"error": refusal.title, "advice": refusal.advice})
    else:
        response = Response(refusal_page(refusal), mimetype="text/html")
    response.status_code = refusal.status
    if refusal is NOT_ALLOWED:
        response.headers["Allow"] = "GET, HEAD, POST"
    return response
