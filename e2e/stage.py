"""What every suite begins with: the stand-in provider, namespaces, the provider key, and a release that points there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import yaml

from . import standin
from .commands import StepFailed
from .manifests import labelled_secret, namespace
from .release import CHART, KEY_SECRET, NAMESPACE, Release, definitions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .commands import Commands

PROVIDER_KEY_LABEL: Final = "realtime-operator.io/provider-key"


def kinds() -> list[str]:
    """Give the names of our CustomResourceDefinitions."""
    return [one["metadata"]["name"] for one in definitions(CHART)]


def set_up(
    commands: Commands, *, image: str, namespaces: Iterable[str], values: tuple[str, ...] = ()
) -> Release:
    """Start the provider, make the operator's namespace and these, and give a release that is not installed yet.

    Args:
        commands: as the administrator.
        image: of the operator, with its tag.
        namespaces: further ones; they take restricted pods only.
        values: further ones of the chart, as in `--set=log.level=debug`.

    Raises:
        StepFailed: the cluster has our kinds already, or the provider does not start.
    """
    found = commands.kubectl("get", "crd", "--output=name")
    if there := [name for name in kinds() if name in found]:
        raise StepFailed(f"the cluster has {', '.join(there)}: e2e would remove them and all their objects")
    key = standin.new_key()
    base_url = standin.start(commands, image=image, key=key)
    commands.apply([namespace(name) for name in (NAMESPACE, *namespaces)])
    secret = labelled_secret(KEY_SECRET, NAMESPACE, PROVIDER_KEY_LABEL, **{"api-key": key})
    commands.kubectl("create", "--filename=-", stdin=yaml.safe_dump(secret))
    return Release(commands, image, base_url, values)


def clear(commands: Commands, namespaces: Iterable[str]) -> None:
    """Remove what a run made, from a cluster that stays."""
    every = (NAMESPACE, standin.NAMESPACE, *namespaces)
    commands.kubectl("delete", "namespace", *every, "--ignore-not-found", "--wait=true")
    commands.kubectl("delete", "crd", *kinds(), "--ignore-not-found", "--wait=true")
