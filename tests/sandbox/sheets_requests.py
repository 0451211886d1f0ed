"""What the Sheets stand-in refuses in a request, in Google's words."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from tests.sandbox.control import Json
from tests.sandbox.field_masks import Mask, UnknownField, check_mask, parse_mask
from tests.sandbox.google_answers import field_violation, google_error

READS_PER_MINUTE = 60
_COMMON = frozenset({"alt", "fields", "prettyPrint"})
VALUE_PARAMETERS = frozenset(
    {"ranges", "majorDimension", "valueRenderOption", "dateTimeRenderOption"}
)
_ENUMS = {
    "majorDimension": ("google.apps.sheets.v4.Dimension", ("ROWS", "COLUMNS")),
    "valueRenderOption": (
        "google.apps.sheets.v4.ValueRenderOption",
        ("FORMATTED_VALUE", "UNFORMATTED_VALUE", "FORMULA"),
    ),
    "dateTimeRenderOption": (
        "google.apps.sheets.v4.DateTimeRenderOption",
        ("SERIAL_NUMBER", "FORMATTED_STRING"),
    ),
}
_GRID: dict[str, Json] = {"rowCount": {}, "columnCount": {}}
SPREADSHEET_SCHEMA: dict[str, Json] = {
    "spreadsheetId": {},
    "spreadsheetUrl": {},
    "namedRanges": {},
    "properties": {"title": {}, "locale": {}, "autoRecalc": {}, "timeZone": {}},
    "sheets": {
        "properties": {
            "sheetId": {},
            "title": {},
            "index": {},
            "sheetType": {},
            "gridProperties": _GRID,
        },
        "data": {"rowData": {"values": {"formattedValue": {}}}},
    },
}
RANGE_SCHEMA: dict[str, Json] = {"range": {}, "majorDimension": {}, "values": {}}
BATCH_SCHEMA: dict[str, Json] = {"spreadsheetId": {}, "valueRanges": RANGE_SCHEMA}


class Refused(Exception):
    """Ends a request with an answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def over_quota() -> Response:
    return google_error(
        429,
        "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per "
        "user' of service 'sheets.googleapis.com' for consumer 'project_number:100000000000'.",
        [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "RATE_LIMIT_EXCEEDED",
                "domain": "googleapis.com",
                "metadata": {
                    "service": "sheets.googleapis.com",
                    "quota_metric": "sheets.googleapis.com/read_requests",
                    "quota_limit": "ReadRequestsPerMinutePerUser",
                    "quota_limit_value": str(READS_PER_MINUTE),
                    "quota_location": "global",
                    "consumer": "projects/100000000000",
                },
            },
            {
                "@type": "type.googleapis.com/google.rpc.Help",
                "links": [
                    {
                        "description": "Request a higher quota limit.",
                        "url": "https://cloud.google.com/docs/quota#requesting_higher_quota",
                    }
                ],
            },
        ],
    )


def bad_value(name: str, kind: str, value: str) -> Response:
    return field_violation(f"Invalid value at '{name}' ({kind}), \"{value}\"", name)


def checked(request: Request, allowed: frozenset[str], schema: dict[str, Json]) -> Mask:
    """Refuses unknown parameters and enum words; returns the field mask."""
    for name, value in request.query_params.multi_items():
        if name not in allowed | _COMMON:
            raise Refused(
                field_violation(
                    f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query '
                    f"parameter. Field '{name}' could not be found in request message.",
                    "",
                )
            )
        if name in _ENUMS and value not in _ENUMS[name][1]:
            raise Refused(bad_value(_snake(name), f"type.googleapis.com/{_ENUMS[name][0]}", value))
    try:
        mask = parse_mask(request.query_params.get("fields", "*"))
        check_mask(mask, schema)
    except UnknownField as unknown:
        raise Refused(_bad_mask(str(unknown))) from unknown
    return mask


def _bad_mask(path: str) -> Response:
    return google_error(
        400,
        "Request contains an invalid argument.",
        [
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [
                    {
                        "field": path,
                        "description": "Error expanding 'fields' parameter. Cannot find matching "
                        f"fields for path '{path}'.",
                    }
                ],
            }
        ],
    )


def _snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)
