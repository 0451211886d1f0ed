"""The day's command line: what is taken, and one clear line for what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.domain.spreads import Strategy
from tests.sandbox.options import read_options


def _file(folder: Path, content: bytes = b"Date,Ticker\n") -> str:
    path = folder / "file.csv"
    path.write_bytes(content)
    return str(path)


def test_without_options_it_is_the_day_of_the_documentation() -> None:
    options = read_options([])
    assert (options.followers, options.seed, options.ticker) == (3, 7, "QQQ")
    assert options.session.session_date == "2026-11-23"
    assert options.strategy is Strategy.LONG
    assert options.signal_file is options.quotes_file is options.json_file is None
    assert options.pace_seconds == 0
    assert not options.stay


def test_every_option_is_taken(tmp_path: Path) -> None:
    path = _file(tmp_path)
    options = read_options(
        [
            *("--followers", "300", "--seed", "-9", "--session-date", "2025-11-28"),
            *("--ticker", "IWM", "--strategy", "Short", "--signal", path, "--quotes", path),
            *("--json", str(tmp_path / "out.json"), "--pace", "0.5", "--stay"),
        ]
    )
    assert (options.followers, options.seed, options.ticker) == (300, -9, "IWM")
    assert options.session.session_date == "2025-11-28"
    assert options.strategy is Strategy.SHORT
    assert options.signal_file == options.quotes_file == Path(path)
    assert options.json_file == tmp_path / "out.json"
    assert options.pace_seconds == 0.5
    assert options.stay


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--followers", "0"], "between 1 and 3000, not 0"),
        (["--followers", "3001"], "between 1 and 3000, not 3001"),
        (["--followers", "many"], "invalid int value"),
        (["--seed", "1.5"], "invalid int value"),
        (["--session-date", "2026-11-22"], "2026-11-22 is no session of the exchange"),
        (["--session-date", "2026-11-26"], "2026-11-26 is no session of the exchange"),
        (["--session-date", "23.11.2026"], "write it YYYY-MM-DD"),
        (["--session-date", "1999-01-04"], "outside the session table"),
        (["--ticker", "spy"], "capital letters such as QQQ, not 'spy'"),
        (["--ticker", ""], "capital letters such as QQQ, not ''"),
        (["--strategy", "Iron"], "invalid choice"),
        (["--pace", "-1"], "0 or more, not -1"),
        (["--pace", "nan"], "0 or more, not nan"),
        (["--signal", "nowhere.csv"], "--signal: there is no file nowhere.csv"),
        (["--quotes", "/"], "--quotes: there is no file /"),
        (["--json", "nowhere/out.json"], "no file in a folder that is there"),
        (["--json", "/"], "no file in a folder that is there"),
        (["--speed", "9"], "unrecognized arguments"),
    ],
)
def test_a_wrong_option_ends_the_program_with_one_clear_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    with pytest.raises(SystemExit) as raised:
        read_options(arguments)
    assert raised.value.code == 2
    *usage, line = capsys.readouterr().err.splitlines()
    assert usage[0].startswith("usage: make day ")
    assert line.startswith("make day: error: ")
    assert words in line


@pytest.mark.parametrize("name", ["--signal", "--quotes"])
def test_a_file_that_is_no_text_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    with pytest.raises(SystemExit):
        read_options([name, _file(tmp_path, b"\xff\xfe\x00")])
    assert "cannot be read as UTF-8 text" in capsys.readouterr().err


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    assert read_options(["--signal", _file(tmp_path, b"\xef\xbb\xbfDate\n")]).signal_file
