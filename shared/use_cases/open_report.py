"""Open a report: turn a link's token into a fresh address of the file."""

from __future__ import annotations

from datetime import datetime

from shared.domain.report_link import LinkRefusal, linked_file, read_link
from shared.ports.files import FileStore
from shared.ports.reports import Reports

URL_LIFETIME_SECONDS = 15 * 60


def open_report(
    *, token: str, key: str, machine_now: datetime, reports: Reports, files: FileStore
) -> str | LinkRefusal:
    """Check a link and sign an address of its file that works for 15 minutes.

    Writes nothing: whoever calls this is on the public internet.

    Args:
        token: What the visitor sent.
        key: The key of report links.
        machine_now: Real UTC, never market time.
        reports: Which files a report has, and its nonce.
        files: Signs addresses.

    Returns:
        The address, or why there is none.

    Raises:
        AdapterError: The report could not be read, or the address not be signed.
        InvalidInput: The key is unusable.
    """
    link = read_link(token, key=key, now=machine_now)
    if isinstance(link, LinkRefusal):
        return link
    file = linked_file(link, reports.get(link.report_id))
    if isinstance(file, LinkRefusal):
        return file
    return files.signed_url(file.name, lifetime_seconds=URL_LIFETIME_SECONDS)
