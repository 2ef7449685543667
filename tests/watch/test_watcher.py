"""The watch room alone, on a real API server: what it hears, what it leaves behind (nothing), and that it goes on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import kubernetes
import pytest
import yaml

from realtime_operator.adapters.kubeconfig import access_of_kubeconfig
from tests.watch.listening import GROUP, PLURALS, VERSION, document, listening, until

if TYPE_CHECKING:
    from pathlib import Path

    from hack.controlplane import ControlPlane

pytest_plugins = ["tests.support.fixtures"]
pytestmark = pytest.mark.controlplane

NAMESPACED = ("RealtimeSession", "RealtimeProvider")
CLUSTER = "ClusterRealtimeProvider"


@pytest.fixture
def objects(kube: kubernetes.client.ApiClient) -> Any:
    """Makes, reads and deletes objects of our kinds."""
    return kubernetes.client.CustomObjectsApi(kube)


async def test_the_three_kinds_are_heard_and_nothing_is_left_on_them(
    control_plane: ControlPlane, objects: Any, namespace: str
) -> None:
    """Creations, changes and deletions arrive in order; no annotation, finalizer or other field is ever written on an object."""
    where = (GROUP, VERSION, namespace)
    async with listening(access_of_kubeconfig([control_plane.kubeconfig])) as (watcher, heard):
        await until(lambda: watcher.is_watching, "it watches")
        for kind in NAMESPACED:
            objects.create_namespaced_custom_object(*where, PLURALS[kind], document(kind, namespace))
        objects.create_cluster_custom_object(GROUP, VERSION, PLURALS[CLUSTER], document(CLUSTER, namespace))
        await until(lambda: len(heard.of(namespace)) == 3, "three are created")
        session = ("realtimesessions", namespace)
        objects.patch_namespaced_custom_object(*where, *session, {"spec": {"suspend": True}})
        await until(lambda: ("RealtimeSession", "MODIFIED") in heard.of(namespace), "one is changed")
        for kind in NAMESPACED:
            seen = objects.get_namespaced_custom_object(*where, PLURALS[kind], namespace)["metadata"]
            assert not {"annotations", "finalizers"} & seen.keys()
            assert {field["manager"] for field in seen["managedFields"]} == {"OpenAPI-Generator"}
        for kind in NAMESPACED:
            objects.delete_namespaced_custom_object(*where, PLURALS[kind], namespace)
        objects.delete_cluster_custom_object(GROUP, VERSION, PLURALS[CLUSTER], namespace)
        await until(lambda: [event for _, event in heard.of(namespace)].count("DELETED") == 3, "all are gone")
    assert heard.kinds() == set(PLURALS)
    created, *later = [event for kind, event in heard.of(namespace) if kind == "RealtimeSession"]
    assert created in {None, "ADDED"}, "None where the first list had it already"
    assert later == ["MODIFIED", "DELETED"]
    assert watcher.restarts == 0
    assert not watcher.is_watching


async def test_only_the_kinds_and_namespaces_asked_for_are_heard(
    control_plane: ControlPlane, objects: Any, namespace: str
) -> None:
    """An installation for single namespaces hears of them alone, and of no cluster provider; what is there already is listed."""
    where = (GROUP, VERSION, namespace)
    objects.create_namespaced_custom_object(*where, "realtimesessions", document(NAMESPACED[0], "listed"))
    access = access_of_kubeconfig([control_plane.kubeconfig])
    async with listening(access, kinds=NAMESPACED, namespaces=[namespace]) as (_, heard):
        await until(lambda: heard.of("listed"), "what was there is heard of")
        elsewhere = document("RealtimeProvider", namespace)
        objects.create_namespaced_custom_object(GROUP, VERSION, "default", "realtimeproviders", elsewhere)
        objects.create_cluster_custom_object(GROUP, VERSION, PLURALS[CLUSTER], document(CLUSTER, namespace))
        objects.create_namespaced_custom_object(*where, "realtimesessions", document(NAMESPACED[0], "later"))
        await until(lambda: heard.of("later"), "the next one is heard of")
    objects.delete_namespaced_custom_object(GROUP, VERSION, "default", "realtimeproviders", namespace)
    objects.delete_cluster_custom_object(GROUP, VERSION, PLURALS[CLUSTER], namespace)
    assert heard.of("listed") == [("RealtimeSession", None)]
    assert heard.of("later") == [("RealtimeSession", "ADDED")]
    assert not heard.of(namespace)


async def test_a_watch_that_is_forbidden_begins_once_it_is_allowed(
    control_plane: ControlPlane, kube: kubernetes.client.ApiClient, objects: Any, namespace: str
) -> None:
    """Rights that come late, as when a chart's RBAC is applied after its Deployment, need no restart."""
    user = f"listener-{namespace[-6:]}"
    access = access_of_kubeconfig([control_plane.identity(user)])
    async with listening(access, kinds=NAMESPACED, namespaces=[namespace]) as (_, heard):
        await asyncio.sleep(1.0)  # the first attempts are refused
        grant(kube, user, namespace)
        body = document(NAMESPACED[0], "granted")
        objects.create_namespaced_custom_object(GROUP, VERSION, namespace, "realtimesessions", body)
        await until(lambda: heard.of("granted"), "it hears")


async def test_a_refused_token_is_read_again_until_it_is_good(
    control_plane: ControlPlane,
    kube: kubernetes.client.ApiClient,
    objects: Any,
    namespace: str,
    tmp_path: Path,
) -> None:
    """While the API server takes the token for none of its own, its file is read again and again; then it hears."""
    core: Any = kubernetes.client.CoreV1Api(kube)
    core.create_namespaced_service_account(namespace, {"metadata": {"name": "listener"}})
    grant(kube, f"system:serviceaccount:{namespace}:listener", namespace)
    kubeconfig = yaml.safe_load(control_plane.service_account_kubeconfig(namespace, "listener").read_text())
    user, token_file, path = kubeconfig["users"][0]["user"], tmp_path / "token", tmp_path / "kubeconfig"
    token = user.pop("token")
    token_file.write_text("refused")
    user["tokenFile"] = str(token_file)
    path.write_text(yaml.safe_dump(kubeconfig))
    access = access_of_kubeconfig([path])
    async with listening(access, kinds=NAMESPACED, namespaces=[namespace]) as (_, heard):
        await asyncio.sleep(1.0)  # the first attempts are refused
        token_file.write_text(token)
        body = document(NAMESPACED[0], "granted")
        objects.create_namespaced_custom_object(GROUP, VERSION, namespace, "realtimesessions", body)
        await until(lambda: heard.of("granted"), "it hears")


def grant(kube: kubernetes.client.ApiClient, user: str, namespace: str) -> None:
    """Let a user watch our kinds in a namespace."""
    api: Any = kubernetes.client.RbacAuthorizationV1Api(kube)
    meta, group = {"name": "listener"}, "rbac.authorization.k8s.io"
    rules = [{"apiGroups": [GROUP], "resources": ["*"], "verbs": ["get", "list", "watch"]}]
    api.create_namespaced_role(namespace, {"metadata": meta, "rules": rules})
    reference = {"apiGroup": group, "kind": "Role", "name": "listener"}
    subjects = [{"apiGroup": group, "kind": "User", "name": user}]
    body = {"metadata": meta, "roleRef": reference, "subjects": subjects}
    api.create_namespaced_role_binding(namespace, body)
