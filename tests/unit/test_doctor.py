"""The doctor names what is missing or too old, on machines made of fake tools."""

from __future__ import annotations

import ast
import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.sandbox import doctor, emulators

SOURCE = Path(doctor.__file__)
GOOD_PYTHON = "echo 3 12 /fake/python3.12"
GOOD_JAVA = "echo 'openjdk version \"17.0.15\" 2025-04-15' >&2"
GOOD_NODE = "echo v20.20.2"
FIRESTORE_JAR = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"
PUBSUB_JAR = "platform/pubsub-emulator/lib/cloud-pubsub-emulator-0.8.20-all.jar"


def _put(folder: Path, name: str, script: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def _machine(folder: Path, **scripts: str) -> dict[str, str]:
    """Environment of a machine that has these programs, and a Cloud SDK with both emulators."""
    for name, script in scripts.items():
        _put(folder / "bin", name, script)
    sdk = folder / "sdk"
    for jar in (FIRESTORE_JAR, PUBSUB_JAR):
        (sdk / jar).parent.mkdir(parents=True, exist_ok=True)
        (sdk / jar).touch()
    return {
        "PATH": str(folder / "bin"),
        "HOME": str(folder / "home"),
        "CLOUDSDK_ROOT_DIR": str(sdk),
    }


def _whole_machine(folder: Path) -> dict[str, str]:
    return _machine(
        folder, python3=GOOD_PYTHON, java=GOOD_JAVA, node=GOOD_NODE, npm="", make="", git=""
    )


def _fault(name: str, environment: Mapping[str, str]) -> str:
    return asyncio.run(doctor.examine(name, environment)).fault


def test_a_whole_machine_passes_without_the_optional_tools(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor.main([], _whole_machine(tmp_path)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(doctor.TOOLS)
    assert [line.split()[1] for line in lines if line.startswith("optional")] == [
        "chromium",
        "terraform",
    ]
    assert not [line for line in lines if line.startswith("MISSING")]


def test_one_missing_tool_fails_and_is_one_line_that_says_how_to_get_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = _whole_machine(tmp_path)
    (tmp_path / "bin/java").unlink()
    assert doctor.main([], environment) == 1
    faults = [line for line in capsys.readouterr().out.splitlines() if line.startswith("MISSING")]
    assert len(faults) == 1
    assert "java" in faults[0]
    assert "apt-get install openjdk-17-jre-headless" in faults[0]


def test_needs_looks_at_nothing_else_and_is_silent_when_all_is_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = _machine(tmp_path, java=GOOD_JAVA, node=GOOD_NODE)
    assert doctor.main(["--needs", "java,node"], environment) == 0
    assert capsys.readouterr().out == ""


def test_a_needed_optional_tool_is_required(tmp_path: Path) -> None:
    environment = _whole_machine(tmp_path)
    assert doctor.main(["--needs", "chromium"], environment) == 1


def test_an_unknown_need_is_refused_with_the_known_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        doctor.main(["--needs", "java,rust"], _whole_machine(tmp_path))
    assert "python, make, git, java" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "script", "said"),
    [
        ("java", "echo 'java version \"1.8.0_392\"' >&2", "1.8.0_392"),
        ("java", "echo 'openjdk version \"11.0.2\"' >&2", "11.0.2"),
        ("node", "echo v18.20.4", "v18.20.4"),
        ("node", "echo no such thing >&2; exit 127", "no such thing"),
    ],
)
def test_a_tool_that_is_too_old_or_broken_is_quoted(
    tmp_path: Path, name: str, script: str, said: str
) -> None:
    fault = _fault(name, _machine(tmp_path, **{name: script}))
    assert said in fault
    assert str(tmp_path / "bin" / name) in fault


def test_java_home_goes_before_the_path(tmp_path: Path) -> None:
    environment = _machine(tmp_path, java="echo 'version \"8\"' >&2")
    _put(tmp_path / "jdk/bin", "java", GOOD_JAVA)
    assert _fault("java", environment)
    assert not _fault("java", {**environment, "JAVA_HOME": str(tmp_path / "jdk")})


@pytest.mark.parametrize("version", ["3 10", "3 14"])
def test_a_python_outside_the_range_does_not_do(tmp_path: Path, version: str) -> None:
    environment = _machine(tmp_path, python3=f"echo {version} /fake/python3")
    assert "no Python 3.11 to 3.13" in _fault("python", environment)


def test_a_shim_without_a_python_behind_it_is_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shims = {"python3": "exit 127", "python3.13": "echo 3.13: not found >&2; exit 127"}
    environment = _machine(tmp_path, **shims, **{"python3.12": GOOD_PYTHON})
    assert doctor.main(["--print-python"], environment) == 0
    assert capsys.readouterr().out == "/fake/python3.12\n"


def test_without_any_python_there_is_nothing_to_print(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor.main(["--print-python"], _machine(tmp_path)) == 1
    assert capsys.readouterr().out == ""


def test_a_program_that_can_not_be_started_is_no_python(tmp_path: Path) -> None:
    environment = _machine(tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3").write_bytes(b"\x00 no program")
    (tmp_path / "bin/python3").chmod(0o755)
    assert _fault("python", environment)


def test_an_emulator_that_is_missing_says_where_was_looked(tmp_path: Path) -> None:
    places = [tmp_path / "sdk", tmp_path / "cache"]
    finding = doctor.find_emulator("firestore", places)
    assert finding.fault == f"no firestore emulator; looked in {places[0]}, {places[1]}"


def test_doctor_and_sandbox_find_the_same_emulators(tmp_path: Path) -> None:
    _put(tmp_path / "cloud/bin", "gcloud")
    in_cache = tmp_path / "home/.cache/firebase/emulators/cloud-firestore-emulator-v1.19.9.jar"
    in_cache.parent.mkdir(parents=True)
    in_cache.touch()
    named = _machine(tmp_path)
    by_gcloud = {"PATH": str(tmp_path / "cloud/bin"), "HOME": str(tmp_path / "home")}
    for environment in (named, by_gcloud):
        places = doctor.emulator_places(environment)
        assert places[:-1] == list(emulators.sdk_roots(environment))
        found = doctor.find_emulator("firestore", places)
        assert found.place == str(emulators.firestore_jar(environment))
    found = doctor.find_emulator("pubsub", doctor.emulator_places(named))
    assert found.place == str(emulators.pubsub_jar(named))


def test_it_is_written_in_python_3_8_and_the_standard_library() -> None:
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 8))
    imported = {
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


def test_it_runs_as_a_script_before_anything_is_installed(tmp_path: Path) -> None:
    async def run() -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-IB",
            str(SOURCE),
            "--needs",
            "java",
            env={"PATH": str(tmp_path)},
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        return await process.wait(), (out + err).decode()

    status, said = asyncio.run(run())
    assert status == 1
    assert said.startswith("MISSING   java")
    assert said.count(os.linesep) == 1
