"""The operator as its own process: probes, metrics, logs, exit, and what a restart costs."""

from __future__ import annotations

import os
import re
import socket
from typing import TYPE_CHECKING

import pytest

from realtime_operator.__main__ import CLOSING_S
from realtime_operator.assembly import LAST_STATUS_S
from tests.integration.known_clock import get_to_know_the_clock
from tests.integration.stage import ROTATE, SECRETIVE, Stage
from tests.integration.witness import observing
from tests.support.operator import DEADLINE, operator_process, running_operator, wait_for
from tests.support.provider import running_provider

if TYPE_CHECKING:
    from pathlib import Path

    import kubernetes

    from hack.controlplane import ControlPlane

pytest_plugins = ["tests.support.fixtures", "tests.support.provider_fixtures"]
pytestmark = pytest.mark.controlplane

EXIT = 4.0
"""Seconds from SIGTERM to the exit of an idle operator, on a busy machine; by itself kopf takes 5.1 s on any."""


def test_a_process_answers_probes_measures_itself_logs_json_and_ends_at_once(
    operator_kubeconfig: Path, stage: Stage, tmp_path: Path
) -> None:
    """Probes say well, metrics name the session, logs are one JSON object a line of our own loggers, SIGTERM ends it at once."""
    stage.ready_to_mint()
    stage.provider.set(refused_models={stage.model("refused"): "model_not_found"})
    with operator_process(operator_kubeconfig, tmp_path / "operator.log", "--log-level", "debug") as process:
        stage.add("concierge")
        stage.add("refused")
        status = stage.ready("concierge")
        stage.condition("refused", "Stalled", "True", "ProviderUnauthorized")
        for path, checks in (("/livez", {"[+]ticks ok"}), ("/readyz", {"[+]ticks ok", "[+]watch ok"})):
            wait_for(lambda it=path: process.get(it).is_success, path)  # type: ignore[misc] # bound now
            assert {*process.get(path).text.split("\n")} >= checks
        refused = 'realtime_operator_mints_total{outcome="failure",reason="ProviderUnauthorized"} 1.0'
        wait_for(lambda: refused in process.metrics(), "both mints are counted")
        metrics = process.metrics()
        code, seconds = process.terminate()
        log = process.log_text()
        lines = process.logged()

    assert (code, seconds < EXIT) == (0, True)
    series = f'{{namespace="{stage.namespace}",name="concierge"}}'
    assert f"realtime_operator_session_ready{series} 1.0" in metrics
    assert 'realtime_operator_mints_total{outcome="success",reason="SecretMissing"} 1.0' in metrics
    for name in ("expiration", "rotation"):
        value = re.search(
            rf"^realtime_operator_session_{name}_timestamp_seconds{re.escape(series)} (\S+)$",
            metrics,
            re.MULTILINE,
        )
        assert value is not None
        assert float(value[1]) > 1.7e9
    assert "realtime_operator_rotation_lateness_seconds_bucket" in metrics
    assert "realtime_operator_build_info" in metrics

    assert len(lines) == log.count("\n")
    assert {line["logger"].partition(".")[0] for line in lines} == {"realtime_operator"}
    assert all({"ts", "level", "logger", "msg"} <= line.keys() for line in lines)
    minted = next(line for line in lines if line["msg"] == "token minted")
    assert (minted["session"], minted["token_id"]) == ("concierge", status["tokenID"])
    # What kopf leaves open is found by the collector, which comes when it likes.
    assert [line["msg"] for line in lines if not line["msg"].startswith("left to the watch's loop")][
        -1
    ] == "stopped"
    assert not SECRETIVE.findall(log + metrics)


def test_kill_and_restart_mint_nothing_that_is_not_due(
    control_plane: ControlPlane, scoped: Path, stage: Stage, tmp_path: Path
) -> None:
    """After kill -9 another process goes on: tokens of 10 s are rotated in time, those of 600 s are kept, none is minted twice."""
    flags = ("--namespaces", stage.namespace)
    names = [f"long-{number}" for number in range(10)]
    with running_provider() as provider:
        stage.provider = provider
        stage.ready_to_mint()
        log_file = tmp_path / "observer.log"
        with observing(control_plane.kubeconfig, stage.namespace, provider.url, log_file) as witness:
            with operator_process(scoped, tmp_path / "first.log", *flags) as first:
                get_to_know_the_clock(stage, first)
                for name in names:
                    stage.add(name)
                stage.add("short", lifetimeSeconds=10)
                for name in (*names, "short"):
                    stage.ready(name)
                stage.token_after("short", stage.entries("short")["token"])
                first.kill()
            token = stage.entries("short")["token"]
            with operator_process(scoped, tmp_path / "second.log", *flags) as second:
                stage.token_after("short", token)
                stage.looked_at(*names)
                second.terminate()
            figures = witness.end()
        assert figures["undue_mints"] == figures["expired_seconds"] == figures["missing_seconds"] == 0
        assert [len(stage.mints(name)) for name in names] == [1] * len(names)
        stage.clear()


def test_an_operator_that_is_stopped_in_order_goes_on_where_it_was(
    operator_kubeconfig: Path, stage: Stage
) -> None:
    """Stop and start cost no mint; a wish that came in between is fulfilled; its number of rotations goes on."""
    stage.ready_to_mint()
    with running_operator(operator_kubeconfig):
        stage.add("concierge")
        stage.add("asked")
        stage.ready("concierge")
        stage.ready("asked")
    token = stage.entries("asked")["token"]
    stage.annotate("asked", {ROTATE: "while you were away"})
    with running_operator(operator_kubeconfig):
        stage.token_after("asked", token)
        stage.shows("asked", rotations=1)
        stage.looked_at("concierge")
    assert [len(stage.mints(name)) for name in ("concierge", "asked")] == [1, 2]
    stage.told("concierge", "Issued")


def test_an_operator_for_single_namespaces_leaves_the_others_alone(
    kube: kubernetes.client.ApiClient, scoped: Path, stage: Stage, tmp_path: Path
) -> None:
    """With a Role's rights it serves its namespace, knows no cluster provider, touches nothing else, and is never forbidden."""
    other = Stage(kube, "default", stage.provider)
    stage.ready_to_mint()
    stage.add_cluster_provider(stage.namespace)
    elsewhere = f"elsewhere-{stage.namespace[-6:]}"
    flags = ("--namespaces", stage.namespace, "--resync-seconds", "5")
    with operator_process(scoped, tmp_path / "operator.log", *flags) as process:
        other.add(elsewhere)
        stage.add("concierge", lifetimeSeconds=10)
        stage.add("cluster", providerRef={"kind": "ClusterRealtimeProvider", "name": stage.namespace})
        stage.ready("concierge")
        message = stage.condition("cluster", "Stalled", "True", "ProviderNotFound")["message"]
        assert "installed for single namespaces" in message
        wait_for(
            lambda: stage.status("concierge")["rotations"] >= 2, "two rotations, and so a resync", within=60
        )
        assert "issuedTime" not in other.status(elsewhere)
        assert other.status(elsewhere)["observedGeneration"] == -1
        assert other.secret(elsewhere) is None
        log = process.log_text()
    other.delete(elsewhere)
    assert not re.search("403|[Ff]orbidden|RBAC|not complete", log), log


def test_an_operator_without_rights_is_not_ready_and_says_which_are_missing(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    """Else an installation without its RBAC would count as one that works; a restart would help nobody, so it is live."""
    nobody = control_plane.identity("nobody")
    with operator_process(nobody, tmp_path / "operator.log", until_ready=False) as process:
        process.wait_until_it_listens()
        missing = "RBAC does not let the operator list clusterrealtimeproviders"
        said = f"[-]access failed: cannot read what is to be served: {missing}\n"
        wait_for(lambda: said in process.get("/readyz").text, said)
        assert process.get("/readyz").status_code == 503
        assert process.get("/livez").is_success


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a process a name server of its own")
def test_a_name_that_hangs_in_dns_does_not_hold_up_the_exit(
    operator_kubeconfig: Path, stage: Stage, tmp_path: Path
) -> None:
    """A look-up cannot be cancelled, and takes 30 s here; the grace of a second, statuses and connections get their time and no more."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        server = f"127.53.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"  # another run may have one, too
        silent.bind((server, 53))
        silent.settimeout(DEADLINE)
        resolver = tmp_path / "resolv.conf"
        resolver.write_text(f"nameserver {server}\noptions timeout:30 attempts:1\n")
        script = f'mount --bind {resolver} /etc/resolv.conf && exec "$@"'
        prefix = ("unshare", "--mount", "sh", "-c", script, "sh")
        stage.key()
        stage.add_provider(baseURL="http://hangs.example.test/v1")
        flags = ("--grace-seconds", "1")
        with operator_process(
            operator_kubeconfig, tmp_path / "operator.log", *flags, prefix=prefix
        ) as process:
            stage.add("concierge")
            silent.recv(512)
            code, seconds = process.terminate()
        assert code == 0
        assert 1 <= seconds < 1 + LAST_STATUS_S + CLOSING_S + EXIT
