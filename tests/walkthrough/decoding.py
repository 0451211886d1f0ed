"""What a client library's own decoder makes of frames: `python -m tests.walkthrough.decoding LIB`.

Reads a JSON object a line, {"version": 178, "frame": "hex"}, and answers each with a line: the
calls that the decoder made, as [["openOrder", [argument, ...]], ...]. A dataclass is shown as
those of its fields that differ from its defaults. Runs in either library's environment: standard
library and the client library alone.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import logging
import struct
import sys
from datetime import UTC, datetime
from types import ModuleType, SimpleNamespace
from typing import TextIO

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]

UNDECODABLE = "undecodable"
"""Stands for the call where the decoder threw: the libraries only log that."""


class Recorder:
    """Stands where the library's Wrapper stands and keeps what the decoder tells it."""

    def __init__(self) -> None:
        self.calls: list[Plain] = []
        self.ib = SimpleNamespace(TimezoneTWS=None)
        self.defaultTimezone = UTC  # ib_async's name

    def __getattr__(self, name: str) -> object:
        return lambda *arguments: self.calls.append([name, [plain(one) for one in arguments]])


class _Throwing(logging.Handler):
    """Turns what the decoder logs of a failure into a call."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(logging.ERROR)
        self._recorder = recorder

    def emit(self, record: logging.LogRecord) -> None:
        self._recorder.calls.append([UNDECODABLE, [logging.Formatter().format(record)]])


def plain(value: object) -> Plain:
    """Turn a decoder's argument into JSON; instants are ISO text in UTC."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    if dataclasses.is_dataclass(value):
        return {
            field.name: plain(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if getattr(value, field.name) != _default(field)
        }
    return repr(value)


def decode(library: ModuleType, version: int, frame: bytes) -> list[Plain]:
    """Decode one frame, its length included, as the library's client would."""
    recorder = Recorder()
    log = logging.getLogger(library.__name__)
    handler = _Throwing(recorder)
    log.addHandler(handler)
    log.propagate = False
    try:
        (length,) = struct.unpack(">I", frame[:4])
        fields = frame[4 : 4 + length].decode(errors="backslashreplace").split("\0")[:-1]
        decoder = importlib.import_module(f"{library.__name__}.decoder")
        decoder.Decoder(recorder, version).interpret(fields)
    finally:
        log.removeHandler(handler)
    return recorder.calls


def answer(library: ModuleType, source: TextIO, sink: TextIO) -> None:
    """Decode line by line until the source ends."""
    for line in source:
        asked = json.loads(line)
        calls = decode(library, asked["version"], bytes.fromhex(asked["frame"]))
        sink.write(json.dumps(calls) + "\n")
        sink.flush()


def _default(field: dataclasses.Field[object]) -> object:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


if __name__ == "__main__":
    answer(importlib.import_module(sys.argv[1]), sys.stdin, sys.stdout)
