"""`make check`: everything that can be said of the code without running it. Prints one line of JSON last.

Each check runs even if one before it failed, so that one run shows all there is to mend.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

CHECKS: dict[str, list[str]] = {
    "lint": [str(BIN / "ruff"), "check", "."],
    "format": [str(BIN / "ruff"), "format", "--check", "."],
    "types": [str(BIN / "mypy")],
    "imports": [str(BIN / "lint-imports"), "--no-cache"],
    "crds": [sys.executable, "-m", "realtime_operator.api.crd", "--check", "crds"],
    "reference": [sys.executable, "-m", "realtime_operator.api.reference", "--check", "docs/reference.md"],
    "plots": [sys.executable, "-m", "bench.plots", "--check"],
    "chart": [sys.executable, "-m", "hack.chart", "--check"],
}
"""Name to command; each exits 0 when all is well and says otherwise what is wrong."""


def main() -> int:
    """Run all checks; 0 only if every one of them passed."""
    results: dict[str, bool] = {}
    began = time.monotonic()
    for name, command in CHECKS.items():
        print(f"== {name}", flush=True)
        results[name] = subprocess.run(command, cwd=ROOT, check=False).returncode == 0
    figures = {name: "ok" if passed else "failed" for name, passed in results.items()}
    print(json.dumps(figures | {"seconds": round(time.monotonic() - began, 1)}), flush=True)
    return 0 if all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
