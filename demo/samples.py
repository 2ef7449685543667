"""The sample sessions, and what may be expected of each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from demo.settings import ProviderChoice
from observer.rule import life_left_asked

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER: Final = Path(__file__).parent
NAMESPACE: Final = "demo"
KEY_SECRET: Final = "openai"
OPERATOR_NAMESPACE: Final = "realtime-operator"

REFUSED: Final[Mapping[ProviderChoice, Mapping[str, str]]] = {
    ProviderChoice.STAND_IN: {"misspelled": "ProviderRejected"},
    # the live API has retired the endpoint that the stand-in still has
    ProviderChoice.OPENAI: {"misspelled": "ProviderRejected", "switchboard": "EndpointRetired"},
}
"""By provider: the sessions that it refuses, and the reason that they must give."""

PERIOD_SLACK_S: Final = 0.5
"""What a rotation may take beyond the rule's own time on a busy machine: mint, write and watch."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One session of the demo.

    Attributes:
        name: of the session, and of its Secret.
        lifetime: seconds of life asked for.
        propagation: how its readers see a new token, as the object says it.
        refusal: the reason it must give for being refused; empty for one that must get ready.
    """

    name: str
    lifetime: float
    propagation: str
    refusal: str = ""

    def least_rotations(self, seconds: float) -> int:
        """Give how many times its token must have been replaced `seconds` after the first one came."""
        period = self.lifetime - life_left_asked(self.lifetime, self.propagation) + PERIOD_SLACK_S
        return math.floor(max(0.0, seconds) / period)


def documents(*names: str) -> list[dict[str, Any]]:
    """Read YAML files of this folder; names are relative to it."""
    return [document for name in names for document in yaml.safe_load_all((FOLDER / name).read_text())]


def sessions() -> list[dict[str, Any]]:
    """Give the sample sessions as Kubernetes objects."""
    return documents("samples/sessions.yaml")


def samples(provider: ProviderChoice) -> list[Sample]:
    """Give the samples with what is expected of them when this provider mints."""
    return [
        Sample(
            name=session["metadata"]["name"],
            lifetime=session["spec"]["lifetimeSeconds"],
            propagation=session["spec"].get("delivery", {}).get("propagation", "Kubelet"),
            refusal=REFUSED[provider].get(session["metadata"]["name"], ""),
        )
        for session in sessions()
    ]


def provider_document(base_url: str) -> dict[str, Any]:
    """Give the sample provider as a Kubernetes object, with another address."""
    (document,) = documents("samples/provider.yaml")
    document["spec"]["baseURL"] = base_url
    return document


def key_secret(key: str) -> dict[str, Any]:
    """Give the key Secret as a Kubernetes object."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": KEY_SECRET,
            "namespace": OPERATOR_NAMESPACE,
            "labels": {"realtime-operator.io/provider-key": "true"},
        },
        "type": "Opaque",
        "stringData": {"api-key": key},
    }
