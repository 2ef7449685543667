"""The shape of the product: files, imports, reasons."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "operator"
PACKAGE = SOURCE / "realtime_operator"
LINTER = Path(sys.executable).parent / "lint-imports"
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
LONGEST = 250

BREACHES: dict[str, tuple[str, str]] = {
    "Entry, wiring, the rooms beside each other, ports, core, api: imports go down only": (
        "core/plan.py",
        "from realtime_operator import ports",
    ),
    "The core decides without clock, randomness or I/O": ("core/plan.py", "import time"),
    "The engine keeps time by the injected clock and does no I/O": ("engine/lanes.py", "import random"),
    "Only the watch room imports kopf": ("engine/lanes.py", "import kopf"),
    "Only the adapters speak HTTP, and the session that kopf watches with": ("watch/feed.py", "import httpx"),
    "The product never imports the official Kubernetes client": (
        "adapters/kube_client.py",
        "import kubernetes",
    ),
    "Assembly and simulator know ports and no adapter": (
        "assembly.py",
        "from realtime_operator.adapters import kube_client",
    ),
}
"""For each contract a file, and an import that it must not have."""


def linted(root: Path) -> tuple[int, dict[str, str]]:
    """Run the linter on a package below ``root``: its exit, and what it says of each contract."""
    done = subprocess.run(
        [LINTER, "--no-cache", "--no-logo", "--config", str(root / "pyproject.toml")],
        cwd=root / "operator",
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    said = " ".join(done.stdout.split())
    verdicts = {}
    for contract in CONFIG["contracts"]:
        found = re.search(re.escape(contract["name"]) + r" (KEPT|BROKEN)", said)
        verdicts[contract["name"]] = found.group(1) if found else "not judged"
    return done.returncode, verdicts


def test_operator_is_a_source_root_and_no_package() -> None:
    """With an __init__.py of its own, the folder would hide the standard library's operator."""
    assert not (SOURCE / "__init__.py").exists()


def test_the_import_contracts_hold() -> None:
    """Every contract is kept."""
    code, verdicts = linted(ROOT)
    assert set(verdicts.values()) == {"KEPT"}
    assert code == 0


def test_every_contract_has_a_breach_to_be_tried() -> None:
    """Who adds a contract adds what breaks it."""
    assert [contract["name"] for contract in CONFIG["contracts"]] == list(BREACHES)


@pytest.mark.parametrize("contract", BREACHES)
def test_each_contract_can_be_broken(contract: str, tmp_path: Path) -> None:
    """One bad import, and the very contract that forbids it is reported as broken."""
    shutil.copytree(PACKAGE, tmp_path / "operator" / "realtime_operator")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    file, line = BREACHES[contract]
    broken = tmp_path / "operator" / "realtime_operator" / file
    broken.write_text(f"{broken.read_text()}\n{line}\n")
    code, verdicts = linted(tmp_path)
    assert code == 1
    assert verdicts[contract] == "BROKEN"


def test_no_file_is_too_long() -> None:
    """A file of the product fits into a head."""
    long = {
        str(path.relative_to(SOURCE)): lines
        for path in SOURCE.rglob("*.py")
        if (lines := len(path.read_text().splitlines())) > LONGEST
    }
    assert not long


def members_of(tree: ast.ClassDef) -> dict[str, str]:
    """The members of an enumeration, with the line of prose after each."""
    prose = {}
    for member, after in zip(tree.body, [*tree.body[1:], None], strict=True):
        if isinstance(member, ast.Assign) and isinstance(member.targets[0], ast.Name):
            is_prose = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            prose[member.targets[0].id] = str(after.value.value) if is_prose else ""  # type: ignore[union-attr] # narrowed above
    return prose


@pytest.mark.parametrize("name", ["Reason", "MintReason"])
def test_every_reason_is_explained_and_used(name: str) -> None:
    """A reason that people may meet says what it means, and none is left over."""
    reasons = PACKAGE / "core" / "reasons.py"
    tree = next(
        node
        for node in ast.parse(reasons.read_text()).body
        if isinstance(node, ast.ClassDef) and node.name == name
    )
    members = members_of(tree)
    rest = "\n".join(path.read_text() for path in PACKAGE.rglob("*.py") if path != reasons)
    assert len(members) >= 6
    assert not [member for member, prose in members.items() if not prose.endswith(".")]
    unused = {member for member in members if not re.search(rf"\b{name}\.{member}\b", rest)}
    # The API server's own default says it, and api/ does not import core/.
    assert unused <= {"PENDING"}
    assert '"reason": "Pending"' in (PACKAGE / "api" / "conditions.py").read_text()
