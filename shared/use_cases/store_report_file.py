"""Store one file of a report under a name that its figures decide."""

from __future__ import annotations

import hashlib

from shared.domain.errors import Conflict
from shared.domain.reports import ReportFile
from shared.ports.files import FileStore, StoredFile


def store_report_file(files: FileStore, file: StoredFile) -> ReportFile:
    """Store a file unless its name is taken; what is issued under a name stays.

    Raises:
        AdapterError: The store failed.
    """
    data = file.data
    try:
        files.put(file, if_absent=True)
    except Conflict:
        # An earlier release laid the same figures out in another way.
        data = files.get(file.name)
    return ReportFile(
        name=file.name, content_type=file.content_type, sha256=hashlib.sha256(data).hexdigest()
    )
