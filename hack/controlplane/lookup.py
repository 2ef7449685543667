"""Where a tool is looked for, in order: `KUBEBUILDER_ASSETS`, our cache, PATH (right version only), a build."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from .builds import build
from .cache import tool_folder
from .catalog import TOOLS

if TYPE_CHECKING:
    from .catalog import Tool

VERSION_SECONDS = (
    30.0  # printing a version; the first start of a large program from a cold disk takes seconds
)


def tool_path(name: str) -> Path:
    """Give the path of a tool, building it if it is nowhere (minutes; progress on standard error).

    Raises:
        KeyError: there is no tool of that name.
        BuildError: it had to be built, and that failed.
        GoMissingError: it had to be built, and there is no Go.
    """
    tool = TOOLS[name]
    return find(tool) or build(tool)


def find(tool: Tool) -> Path | None:
    """Give the path of a tool that is there already, or None."""
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets and _is_program(Path(assets) / tool.name):
        return Path(assets) / tool.name
    cached = tool_folder(tool) / tool.name
    if _is_program(cached):
        return cached
    on_path = shutil.which(tool.name)
    if on_path is not None and _has_version(Path(on_path), tool):
        return Path(on_path)
    return None


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _has_version(program: Path, tool: Tool) -> bool:
    try:
        said = subprocess.run(
            [program, *tool.version_args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=VERSION_SECONDS,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tool.is_named_by(said.decode(errors="replace"))
