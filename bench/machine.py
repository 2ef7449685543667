"""On what was measured: machine, limits in force, versions, commit."""

from __future__ import annotations

import os
import platform
import re
import resource
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from bench.yardstick import yardstick
from hack.controlplane.catalog import ETCD, KUBERNETES

ROOT: Final = Path(__file__).parents[1]
DISTRIBUTIONS: Final = ("kopf", "aiohttp", "httpx", "httpx-aiohttp", "pydantic")
KIB_PER_GIB: Final = 1 << 20


def machine() -> dict[str, Any]:
    """Give processor, cores, memory, kernel, load, and how fast it is at the moment."""
    processor = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s+(\d+) kB$", Path("/proc/meminfo").read_text(), re.MULTILINE)
    return {
        "processor": processor[1] if processor else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(int(memory[1]) / KIB_PER_GIB, 1) if memory else None,
        "kernel": platform.release(),
        "load_before": round(os.getloadavg()[0], 2),
        "yardstick": yardstick(),
    }


def limits(*, controllers: bool, operator_in: str, watch_secrets: bool) -> dict[str, Any]:
    """Give what bounds a run besides the machine; `controllers` tells whether there is a garbage collector."""
    settings = "--watch-secrets" if watch_secrets else "default settings"
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return {
        "open_files": files,
        "operator": f"{settings}, all namespaces; provider without rate limit, 128 mints in flight",
        "operator_in": operator_in,
        "control_plane": f"RBAC, TLS, etcd without fsync, {'with' if controllers else 'no'} controllers, no admission policies",
        "propagation": "None",
        "request_bytes": 1500,
        "creations_in_flight": 32,
    }


def versions(*, operators_python: str) -> dict[str, str]:
    """Give the versions of what took part."""
    found = {"python": operators_python, "kube-apiserver": KUBERNETES, "etcd": ETCD}
    for name in DISTRIBUTIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def commit() -> str:
    """Give the commit, with `-dirty` where tracked files differ from it; `unknown` outside of a repository."""
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip() or "unknown"
