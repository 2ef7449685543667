"""The command that converts: what it reads, what it writes where, and how it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from hack.controlplane import tool_path
from realtime_operator.kubectl_realtime import main
from realtime_operator.manifests import read_manifests, write_manifests

if TYPE_CHECKING:
    import httpx

pytest_plugins = ["tests.support.provider_fixtures"]

FOLDER = Path(__file__).parent
OLDER = FOLDER / "older.yaml"
CURRENT = FOLDER / "current.yaml"


def convert(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run the command: exit code, stdout, stderr."""
    code = main(["convert", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_file_is_converted_as_the_documentation_shows(capsys: pytest.CaptureFixture[str]) -> None:
    """All objects come out, in order, the session of the older endpoint converted; the remarks are on stderr."""
    code, out, err = convert(capsys, "-f", str(OLDER))
    assert (code, out) == (0, CURRENT.read_text())
    lines = err.splitlines()
    assert (
        "RealtimeSession hotel/concierge: spec.session.temperature: ClientSecrets has no temperature; left out"
        in lines
    )
    assert "RealtimeProvider hotel/default: no session of an older endpoint; left as it is" in lines
    assert "kubectl replace -f" in err


def test_what_is_converted_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """A second run changes nothing, and says so."""
    code, out, err = convert(capsys, "-f", str(CURRENT))
    assert (code, out) == (0, CURRENT.read_text())
    assert err.count("left as it is") == 2


def test_the_old_body_and_the_new_are_both_taken(client: httpx.Client) -> None:
    """The stand-in, which knows each endpoint's fields and no others, mints with the one and with the other."""
    bodies = [read_manifests(file.read_text())[1]["spec"]["session"] for file in (OLDER, CURRENT)]
    assert client.post("realtime/sessions", json=bodies[0]).status_code == 200
    assert client.post("realtime/client_secrets", json={"session": bodies[1]}).status_code == 200
    assert client.post("realtime/client_secrets", json={"session": bodies[0]}).status_code == 400


def test_a_list_is_converted_and_written_as_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """What `kubectl get rts -o json` prints goes in; the sessions in it are converted."""
    file = tmp_path / "list.json"
    items = [
        document for document in read_manifests(OLDER.read_text()) if document["kind"] == "RealtimeSession"
    ]
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    code, out, _ = convert(capsys, "-f", str(file), "-o", "json")
    document = json.loads(out)
    assert (code, document["kind"]) == (0, "List")
    assert [item["spec"]["endpoint"] for item in document["items"]] == ["ClientSecrets"]


def test_several_documents_become_a_list_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON knows no streams."""
    _, out, _ = convert(capsys, "-f", str(OLDER), "-o", "json")
    assert [item["kind"] for item in json.loads(out)["items"]] == ["RealtimeProvider", "RealtimeSession"]


REFUSED = {
    "no YAML": ("a: [planted", "neither YAML nor JSON at line 1, column "),
    "a character of no text": ("a: \x01planted", "it has characters that no text has"),
    "nothing": ("\n---\n", "no object in it; give a file with Kubernetes objects"),
    "no object": ("- planted\n", "a document is no object"),
    "a body that is none": (
        "kind: RealtimeSession\nmetadata: {name: a}\nspec: {endpoint: Sessions, session: planted}\n",
        "RealtimeSession a: spec.session: must be an object; correct it, then convert again",
    ),
    "too deep": ("[" * 3000, "nested too deeply"),
}


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_bad_input_gets_one_line_and_no_output(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, words: str
) -> None:
    """The line names the file and the reason, and repeats nothing of the content."""
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    code, out, err = convert(capsys, "-f", str(file))
    assert (code, out) == (1, "")
    assert err.startswith(f"{file}: ")
    assert words in err
    assert err.count("\n") == 1
    assert "planted" not in err


def test_a_file_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """So is one that is no text."""
    assert "No such file" in convert(capsys, "-f", str(tmp_path / "none"))[2]
    file = tmp_path / "binary"
    file.write_bytes(b"\xff\xfe\xff")
    assert "it is not UTF-8" in convert(capsys, "-f", str(file))[2]


HARD: dict[str, Any] = {
    "dates": "2026-11-23",
    "moments": "2026-11-23T10:00:00Z",
    "truths": ["y", "n", "on", "Yes", "NO", "true", "null", "~"],
    "numbers": ["1e3", "0o17", "0x1f", "1_000", "12:30:45", ".5", "1.", "-0", "+1", ".inf"],
    "signs": ["- a", "a: b", "#a", "&a", "*a", "!a", "%a", "@a", "`a", "", " ", " a", "a ", "a\t"],
    "texts": [
        "a\nb",
        "a\n",
        "a\n\n",
        "\na",
        " a\nb",
        "a \nb",
        "a\r\nb",
        "a\tb\nc",
        "ä\u2028b",
        "😀",
        "\u0085",
        "---\na",
    ],
    "y": {"n": {"1": 2.5, "1e3": 10**18}},
}


def test_hard_texts_survive_writing_and_reading() -> None:
    """What is written is read back equal, and once more after that."""
    assert read_manifests(write_manifests([HARD, {"kind": "B"}])) == [HARD, {"kind": "B"}]


def test_other_readers_read_the_same() -> None:
    """Kubectl, whose reader of YAML is another one, reads the very same values."""
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "hard": HARD}
    command = [
        str(tool_path("kubectl")),
        "patch",
        "--local",
        "--type=json",
        "-p",
        "[]",
        "-o",
        "json",
        "-f",
        "-",
    ]
    done = subprocess.run(
        command, input=write_manifests([manifest]), capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(done.stdout) == manifest


def test_kubectl_finds_the_command() -> None:
    """`kubectl realtime convert` is a plug-in on the PATH, and reads stdin."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [str(tool_path("kubectl")), "realtime", "convert", "-f", "-"]
    done = subprocess.run(
        command,
        input=OLDER.read_text(),
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, CURRENT.read_text()), done.stderr


def test_it_runs_as_a_module() -> None:
    """Where the program is not on the PATH, Python runs it; the file that comes out is what was asked for."""
    command = [sys.executable, "-m", "realtime_operator.convert", "-f", str(OLDER)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert list(yaml.safe_load_all(done.stdout)) == read_manifests(CURRENT.read_text()), done.stderr
