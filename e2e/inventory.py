"""All objects of a cluster, by name: to see what an uninstall leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .commands import Commands

Identity = tuple[str, str, str]
"""Kind, namespace (empty for kinds without), name."""

PASSING: Final = frozenset({"Event", "Lease", "PodMetrics", "NodeMetrics", "ComponentStatus"})
"""Kinds whose objects come and go by themselves."""


def take(commands: Commands) -> set[Identity]:
    """List every object of every kind that can be listed.

    Raises:
        StepFailed: the API does not answer.
    """
    resources = commands.kubectl("api-resources", "--verbs=list", "--output=name").split()
    listed = commands.get(",".join(resources), "--all-namespaces", "--ignore-not-found")
    return identities(listed.get("items", []))


def identities(items: Iterable[dict[str, Any]]) -> set[Identity]:
    """Give the identities of objects, without those that come and go by themselves."""
    return {
        (item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"])
        for item in items
        if item["kind"] not in PASSING
    }


def left_over(
    before: set[Identity], after: set[Identity], *, definitions: Iterable[dict[str, Any]]
) -> list[str]:
    """Give what is there and was not before, but for these CustomResourceDefinitions and what the API server makes of them."""
    expected: set[Identity] = set()
    for definition in definitions:
        expected.add(("CustomResourceDefinition", "", definition["metadata"]["name"]))
        group, versions = definition["spec"]["group"], definition["spec"]["versions"]
        expected |= {("APIService", "", f"{version['name']}.{group}") for version in versions}
    return sorted("/".join(filter(None, identity)) for identity in after - before - expected)
