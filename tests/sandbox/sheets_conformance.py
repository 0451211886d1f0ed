"""What Google Sheets answers, row by row."""

from __future__ import annotations

from tests.sandbox.conformance import Row
from tests.sandbox.control import Json
from tests.sandbox.google_answers import INVALID_CREDENTIALS, NO_PERMISSION, UNREGISTERED_CALLER

_DOCS = "https://developers.google.com/workspace/sheets/api/reference/rest/v4/"
_RECORDED = "https://github.com/r-lib/gargle/blob/main/tests/testthat/_snaps/response_process.md"
_AUTHORIZED = {"Authorization": "Bearer sandbox-token"}
_LEADER: tuple[str, str, Json] = (
    "PUT",
    "/_sandbox/spreadsheets/leader",
    {
        "title": "Leader",
        "sheets": [
            {
                "title": "Signals",
                "rows": 10,
                "columns": 4,
                "values": [
                    ["Date", "Ticker", "Qty"],
                    [
                        "03/08/2026",
                        "QQQ",
                        {"formatted": "1,5", "unformatted": 1.5, "formula": "=3/2"},
                    ],
                    ["", "", ""],
                ],
            }
        ],
    },
)
_PRIVATE: tuple[str, str, Json] = (
    "PUT",
    "/_sandbox/spreadsheets/private",
    {"title": "Private", "shared": False, "sheets": [{"title": "Signals"}]},
)


def _refusal(status: int, message: str, name: str) -> Json:
    return {"error": {"code": status, "message": message, "status": name}}


CONFORMANCE: tuple[Row, ...] = (
    Row(
        name="a spreadsheet describes itself",
        request="GET /v4/spreadsheets/leader?includeGridData=false",
        headers=_AUTHORIZED,
        before=(_LEADER,),
        status=200,
        answer={
            "spreadsheetId": "leader",
            "properties": {"title": "Leader"},
            "sheets": [
                {
                    "properties": {
                        "sheetId": 0,
                        "title": "Signals",
                        "index": 0,
                        "sheetType": "GRID",
                        "gridProperties": {"rowCount": 10, "columnCount": 4},
                    }
                }
            ],
        },
        source=_DOCS + "spreadsheets#Spreadsheet",
    ),
    Row(
        name="a field mask leaves the rest out",
        request="GET /v4/spreadsheets/leader?fields=sheets(properties/title)",
        headers=_AUTHORIZED,
        before=(_LEADER,),
        status=200,
        answer={"sheets": [{"properties": {"title": "Signals"}}]},
        source="https://developers.google.com/workspace/sheets/api/guides/field-masks",
    ),
    Row(
        name="an unknown field in the mask",
        request="GET /v4/spreadsheets/leader?fields=sheets.sheetProperties",
        headers=_AUTHORIZED,
        before=(_LEADER,),
        status=400,
        answer={
            "error": {
                "message": "Request contains an invalid argument.",
                "details": [
                    {
                        "fieldViolations": [
                            {
                                "field": "sheets.sheetProperties",
                                "description": "Error expanding 'fields' parameter. Cannot find "
                                "matching fields for path 'sheets.sheetProperties'.",
                            }
                        ]
                    }
                ],
            }
        },
        source=_RECORDED,
    ),
    Row(
        name="displayed values without empty ends",
        request="GET /v4/spreadsheets/leader/values/%27Signals%27",
        headers=_AUTHORIZED,
        before=(_LEADER,),
        status=200,
        answer={
            "range": "Signals!A1:D10",
            "majorDimension": "ROWS",
            "values": [["Date", "Ticker", "Qty"], ["03/08/2026", "QQQ", "1,5"]],
        },
        source=_DOCS + "spreadsheets.values#ValueRange",
    ),
    Row(
        name="unformatted values by column",
        request="GET /v4/spreadsheets/leader/values/Signals!B2:C"
        "?valueRenderOption=UNFORMATTED_VALUE&majorDimension=COLUMNS",
        headers=_AUTHORIZED,
        before=(_LEADER,),
        status=200,
        answer={"range": "Signals!B2:C10", "values": [["QQQ"], [1.5]]},
        source=_DOCS + "ValueRenderOption",
    ),
    Row(
        name="no values at all",
        request="GET /v4/spreadsheets/leader/values/D5",
        headers=_AUTHORIZED,
        before=(_LEADER,),
        status=200,
        answer={"range": "Signals!D5", "majorDimension": "ROWS"},
        source=_DOCS + "spreadsheets.values#ValueRange",
    ),
    Row(
        name="several ranges at once",
        request="GET /v4/spreadsheets/leader/values:batchGet?ranges=A1&ranges=Signals!B2:B2",
        headers=_AUTHORIZED,
        before=(_LEADER,),
        status=200,
        answer={
            "spreadsheetId": "leader",
            "valueRanges": [
                {"range": "Signals!A1", "values": [["Date"]]},
                {"range": "Signals!B2", "values": [["QQQ"]]},
            ],
        },
        source=_DOCS + "spreadsheets.values/batchGet",
    ),
    Row(
        name="no such worksheet",
        request="GET /v4/spreadsheets/leader/values/NOPE!A5:F15",
        headers=_AUTHORIZED,
        before=(_LEADER,),
        status=400,
        answer=_refusal(400, "Unable to parse range: NOPE!A5:F15", "INVALID_ARGUMENT"),
        source=_RECORDED,
    ),
    Row(
        name="a range beyond the grid",
        request="GET /v4/spreadsheets/leader/values/Signals!A11",
        headers=_AUTHORIZED,
        before=(_LEADER,),
        status=400,
        answer=_refusal(
            400,
            "Range (Signals!A11) exceeds grid limits. Max rows: 10, max columns: 4",
            "INVALID_ARGUMENT",
        ),
        source="https://github.com/airbytehq/airbyte/issues/1740",
    ),
    Row(
        name="an enum word Google does not have",
        request="GET /v4/spreadsheets/leader/values/A1?valueRenderOption=PRETTY",
        headers=_AUTHORIZED,
        before=(_LEADER,),
        status=400,
        answer=_refusal(
            400,
            "Invalid value at 'value_render_option' "
            '(type.googleapis.com/google.apps.sheets.v4.ValueRenderOption), "PRETTY"',
            "INVALID_ARGUMENT",
        ),
        source=_DOCS + "ValueRenderOption",
    ),
    Row(
        name="a parameter Google does not have",
        request="GET /v4/spreadsheets/leader/values/A1?pretty=1",
        headers=_AUTHORIZED,
        before=(_LEADER,),
        status=400,
        answer=_refusal(
            400,
            'Invalid JSON payload received. Unknown name "pretty": Cannot bind query parameter. '
            "Field 'pretty' could not be found in request message.",
            "INVALID_ARGUMENT",
        ),
        source="https://cloud.google.com/apis/design/errors",
    ),
    Row(
        name="no token",
        request="GET /v4/spreadsheets/leader",
        before=(_LEADER,),
        status=403,
        answer=_refusal(403, UNREGISTERED_CALLER, "PERMISSION_DENIED"),
        source="https://github.com/nearai/ironclaw/issues/999",
    ),
    Row(
        name="an unknown token",
        request="GET /v4/spreadsheets/leader",
        headers={"Authorization": "Bearer stale"},
        before=(_LEADER,),
        status=401,
        answer=_refusal(401, INVALID_CREDENTIALS, "UNAUTHENTICATED"),
        source="https://cloud.google.com/docs/authentication/troubleshoot-adc",
    ),
    Row(
        name="no such spreadsheet",
        request="GET /v4/spreadsheets/nobody",
        headers=_AUTHORIZED,
        status=404,
        answer=_refusal(404, "Requested entity was not found.", "NOT_FOUND"),
        source=_RECORDED,
    ),
    Row(
        name="a spreadsheet nobody shared with us",
        request="GET /v4/spreadsheets/private/values/A1",
        headers=_AUTHORIZED,
        before=(_PRIVATE,),
        status=403,
        answer=_refusal(403, NO_PERMISSION, "PERMISSION_DENIED"),
        source="https://github.com/gglukmann/use-google-sheets/issues/37",
    ),
    Row(
        name="a method that is not served",
        request="POST /v4/spreadsheets/leader",
        headers=_AUTHORIZED,
        status=404,
        text="Error 404 (Not Found)!!1",
        source="https://developers.google.com/workspace/sheets/api/reference/rest (stricter)",
    ),
    Row(
        name="over quota",
        request="GET /v4/spreadsheets/leader",
        headers=_AUTHORIZED,
        before=(_LEADER, ("POST", "/_sandbox/failures", {"status": 429})),
        status=429,
        answer={
            "error": {
                "code": 429,
                "message": "Quota exceeded for quota metric 'Read requests' and limit 'Read "
                "requests per minute per user' of service 'sheets.googleapis.com' for consumer "
                "'project_number:100000000000'.",
                "status": "RESOURCE_EXHAUSTED",
                "details": [
                    {
                        "reason": "RATE_LIMIT_EXCEEDED",
                        "metadata": {"quota_limit": "ReadRequestsPerMinutePerUser"},
                    },
                    {"@type": "type.googleapis.com/google.rpc.Help"},
                ],
            }
        },
        source=_RECORDED,
    ),
    Row(
        name="Google is down",
        request="GET /v4/spreadsheets/leader",
        headers=_AUTHORIZED,
        before=(("POST", "/_sandbox/failures", {"status": 503}),),
        status=503,
        answer=_refusal(503, "The service is currently unavailable.", "UNAVAILABLE"),
        source="https://developers.google.com/workspace/sheets/api/troubleshoot-api-errors",
    ),
)
