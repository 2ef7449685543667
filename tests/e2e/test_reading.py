"""How a run reads what commands print."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from e2e import release, sessions
from e2e.inventory import identities, left_over
from e2e.pod import Seen, seen_in
from e2e.sessions import Standing, undue
from e2e.standin import program

NOW = 1_000_000.0


def _object(kind: str, name: str, namespace: str = "") -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": name, **({"namespace": namespace} if namespace else {})}}


def test_what_an_uninstall_leaves_is_found_but_for_the_definitions() -> None:
    """Neither what was there before nor what comes and goes by itself is the chart's."""
    definition = {
        "metadata": {"name": "sessions.x"},
        "spec": {"group": "x", "versions": [{"name": "v1"}, {"name": "v2"}]},
    }
    before = identities(
        [_object("Namespace", "default"), _object("ConfigMap", "kube-root-ca.crt", "default")]
    )
    after = before | identities(
        [
            _object("CustomResourceDefinition", "sessions.x"),
            _object("APIService", "v1.x"),
            _object("APIService", "v1.y"),
            _object("CustomResourceDefinition", "others.x"),
            _object("Event", "told", "default"),
            _object("Secret", "sh.helm.release.v1.x.v1", "default"),
            _object("ConfigMap", "kube-root-ca.crt", "new"),
        ]
    )
    assert left_over(before, after, definitions=[definition]) == [
        "APIService/v1.y",
        "ConfigMap/new/kube-root-ca.crt",
        "CustomResourceDefinition/others.x",
        "Secret/default/sh.helm.release.v1.x.v1",
    ]


def test_the_log_of_the_consumer_is_read() -> None:
    """Tokens in their order, and the latest counts; a line of something else is passed over."""
    lines = [
        {"event": "token", "token_id": "a", "reads": 1, "expired_reads": 0, "failed_reads": 0},
        {"event": "token", "token_id": "b", "reads": 9, "expired_reads": 0, "failed_reads": 0},
        {"event": "counts", "reads": 12, "expired_reads": 3, "failed_reads": 1},
    ]
    log = "Traceback\n" + "\n".join(map(json.dumps, lines))
    assert seen_in(log) == Seen(["a", "b"], 12, 3, 1)
    assert seen_in("") == Seen([], 0, 0, 0)


@pytest.mark.parametrize(
    ("token_id", "rotation_time", "names"),
    [
        ("old", NOW + 100, []),  # it kept its token
        ("new", NOW + 100, ["minutes"]),
        ("new", NOW - 1, []),  # it was due
        ("new", NOW + 1, []),  # all that is due in a tick is replaced together
    ],
)
def test_a_token_that_was_replaced_before_its_time_is_found(
    token_id: str, rotation_time: float, names: list[str]
) -> None:
    """As an upgrade must not: the time is the one that the session showed before."""
    before = {"minutes": Standing("old", rotation_time, 0), "gone": Standing("old", NOW + 100, 0)}
    assert undue(before, {"minutes": Standing(token_id, NOW + 500, 1)}, now=NOW) == names


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("realtime-operator:dev", ("realtime-operator", "dev")),
        (
            "registry.example:5000/team/realtime-operator:1.0",
            ("registry.example:5000/team/realtime-operator", "1.0"),
        ),
        ("registry.example:5000/realtime-operator", ("registry.example:5000/realtime-operator", "latest")),
        ("realtime-operator", ("realtime-operator", "latest")),
    ],
)
def test_an_image_is_parted_from_its_tag(image: str, parts: tuple[str, str]) -> None:
    """A port is no tag."""
    assert release.split_image(image) == parts


def test_anonymous_memory_is_read_from_the_process_status() -> None:
    """In kB there, in MiB here."""
    assert release.rss_anon_mib("Name:\tpython\nVmRSS:\t 99999 kB\nRssAnon:\t   43008 kB\n") == 42.0


def test_the_examples_of_the_default_provider_have_names_of_their_own() -> None:
    """Two of them are called the same, which is well in two files and not in one namespace."""
    names = [session["metadata"]["name"] for session in sessions.examples()]
    assert {"endpoints-concierge", "quickstart-concierge", "endpoints-minutes"} <= set(names)
    assert len(names) == len(set(names))


def test_the_older_chart_is_one_that_helm_can_install(tmp_path: Path) -> None:
    """From the repository's own history, with a mark in each of its definitions by which their upgrade is seen."""
    found = release.older_chart(tmp_path)
    if found is None:
        pytest.skip("the chart has no history here")
    chart, commit = found
    assert (chart / "Chart.yaml").is_file()
    assert len(commit) == 40
    assert release.schemas(release.definitions(chart)) != release.schemas(release.definitions(release.CHART))


def test_the_packed_stand_in_runs_with_what_the_image_has(tmp_path: Path) -> None:
    """It fits into a ConfigMap, and finds itself and its libraries in the one file."""
    packed = program()
    assert len(packed) < 900_000
    assert "starlette/applications.py" in zipfile.ZipFile(io.BytesIO(packed)).namelist()
    (tmp_path / "provider.pyz").write_bytes(packed)
    done = subprocess.run(
        [sys.executable, tmp_path / "provider.pyz", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--key-file" in done.stdout
