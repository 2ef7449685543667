"""Settings of the operator: flags, or environment variables of the same name under ``REALTIME_OPERATOR_``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class LogLevel(StrEnum):
    """How much the operator says of itself."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"


class LogFormat(StrEnum):
    """For whom logs are written."""

    JSON = "json"
    PLAIN = "plain"


def _split(value: object) -> object:
    return [part for part in value.replace(" ", "").split(",") if part] if isinstance(value, str) else value


class Settings(BaseSettings):
    """Mints short-lived Realtime API tokens into Secrets and rotates them before they expire.

    Watches RealtimeSession objects (kubectl explain rts) and the providers they refer to. The cluster is found by KUBECONFIG, else by
    the pod's service account. Every flag can be set as an environment variable: --log-level is REALTIME_OPERATOR_LOG_LEVEL.
    """

    model_config = SettingsConfigDict(
        env_prefix="REALTIME_OPERATOR_",
        cli_kebab_case=True,
        cli_prog_name="realtime-operator",
        cli_implicit_flags=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
        frozen=True,
    )

    namespaces: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = Field(
        default=(),
        description=(
            "Watch only these namespaces, separated by commas. No cluster-wide right is needed then, and ClusterRealtimeProviders"
            " are not honoured. Default: the whole cluster."
        ),
    )
    host: str = Field(default="0.0.0.0", description="Address of /livez, /readyz and /metrics.")  # noqa: S104 - the kubelet asks from outside
    port: int = Field(
        default=8080, ge=0, le=65535, description="Port of the same; 0 takes a free one and logs it."
    )
    connections: int = Field(
        default=64, ge=1, le=1024, description="Connections to the Kubernetes API at most."
    )
    resync_seconds: float = Field(
        default=300.0,
        ge=5.0,
        description="How often all objects are listed, metadata only, to find what the watch missed.",
    )
    watch_secrets: bool = Field(
        default=False,
        description=(
            "Watch the Secrets that are labelled as ours, metadata only, so that what somebody does to one is put right within 2 s instead"
            " of 60, and none has to be looked at. Needs list and watch on Secrets, with which every Secret could be read."
        ),
    )
    pod_annotation: bool = Field(
        default=False,
        description=(
            "Serve sessions with delivery.propagation PodAnnotation: list the pods of their podSelector and set one annotation on those"
            " that mount the Secret. Needs list and patch on pods."
        ),
    )
    trust_env: bool = Field(
        default=False,
        description="Obey HTTP_PROXY, HTTPS_PROXY and NO_PROXY when minting. Off: they are ignored.",
    )
    credentials_dir: Path = Field(
        default=Path("/etc/realtime-operator/credentials"),
        description="Folder of the key files that ClusterRealtimeProviders name in spec.auth.file; nothing outside it is read.",
    )
    log_level: LogLevel = Field(default=LogLevel.INFO, description="debug, info or warning.")
    log_format: LogFormat = Field(default=LogFormat.JSON, description="json for machines, plain for people.")
    grace_seconds: float = Field(
        default=5.0,
        ge=0.0,
        le=60.0,
        description="On SIGTERM: how long mints in flight may take to be written.",
    )
