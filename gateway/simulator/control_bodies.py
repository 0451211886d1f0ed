"""What a control request's body holds, read key by key; and how a request is refused."""

import json
from decimal import Decimal, InvalidOperation
from http import HTTPStatus

from gateway.simulator.config import Json


class Refusal(Exception):
    """A control request is answered with a status and a text."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def json_object(body: bytes) -> dict[str, Json]:
    """Return a body as a JSON object; refused with 400 if it is none."""
    try:
        document: Json = json.loads(body)
    except ValueError as error:
        raise Refusal(HTTPStatus.BAD_REQUEST, "the body is not JSON") from error
    if not isinstance(document, dict):
        raise Refusal(HTTPStatus.BAD_REQUEST, "the body must be a JSON object")
    return document


def text_of(document: dict[str, Json], key: str, default: str | None = None) -> str:
    """Return a text; refused with 400 if it is none."""
    value = document.get(key, default)
    if not isinstance(value, str):
        raise Refusal(HTTPStatus.BAD_REQUEST, f"{key} must be text")
    return value


def whole_of(document: dict[str, Json], key: str, default: int | None = None) -> int:
    """Return a whole number; refused with 400 if it is none."""
    value = document.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refusal(HTTPStatus.BAD_REQUEST, f"{key} must be a whole number")
    return value


def price_of(document: dict[str, Json], key: str) -> Decimal | None:
    """Return a decimal written as text, or None if the key is absent; 400 for anything else."""
    if document.get(key) is None:
        return None
    text = text_of(document, key)
    try:
        price = Decimal(text)
    except InvalidOperation as error:
        raise Refusal(HTTPStatus.BAD_REQUEST, f"{key} {text!r} is not a decimal") from error
    if not price.is_finite():
        raise Refusal(HTTPStatus.BAD_REQUEST, f"{key} {text!r} is not finite")
    return price
