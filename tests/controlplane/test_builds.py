"""Builds are whole or not at all: a tiny module with the real Go, and a Go of a few lines that can be held up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hack.controlplane import BuildError
from hack.controlplane.builds import build
from hack.controlplane.cache import tool_folder
from hack.controlplane.catalog import Tool
from tests.controlplane.process_table import is_gone
from tests.controlplane.waiting import wait_until

ROOT = Path(__file__).parents[2]
MAIN = 'package main\n\nvar version = "unset"\n\nfunc main() { println(version) }\n'
# writes half of the program, then waits for the file `go-on`; counts itself in `builds`;
# takes a moment to end when interrupted, as the real one does until its compilers have ended
SLOW_GO = """#!/bin/sh
case $1 in
  version) echo go version go1.99.0 any/arch; exit ;;
  list) echo tiny; exit ;;
esac
trap 'sleep 0.5; exit 1' INT
cd "$FOLDER"
echo $$ >> builds
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\n' > "$2"
while [ ! -e go-on ]; do sleep 0.02; done
echo 'echo whole' >> "$2"
"""
BUILDER = """
import sys
from pathlib import Path
from hack.controlplane.builds import build
from hack.controlplane.catalog import Tool
print(build(Tool("tiny", "1.2.3", Path(sys.argv[1]), ".")))
"""


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    """A tool that prints its version, with a cache of its own, but not for what Go itself keeps."""
    user_cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    monkeypatch.setenv("GOCACHE", os.environ.get("GOCACHE") or f"{user_cache}/go-build")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    module = tmp_path / "module"
    module.mkdir()
    (module / "go.mod").write_text("module tiny\n\ngo 1.25.0\n")
    (module / "main.go").write_text(MAIN)
    return Tool("tiny", "1.2.3", module, ".")


@dataclass
class SlowBuild:
    """A tool, and processes that build it with a Go that waits for our word."""

    tool: Tool
    folder: Path
    builders: list[subprocess.Popen[str]]

    @property
    def program(self) -> Path:
        """Where the tool will be."""
        return tool_folder(self.tool) / self.tool.name

    def start(self) -> subprocess.Popen[str]:
        """Start one more builder."""
        path = f"{self.folder}:{os.environ['PATH']}"
        environment = os.environ | {"FOLDER": str(self.folder), "PYTHONPATH": str(ROOT), "PATH": path}
        builder = subprocess.Popen(
            [sys.executable, "-c", BUILDER, self.tool.module],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.builders.append(builder)
        return builder

    def compilers(self) -> list[int]:
        """Give the process ids of every Go that began to write, in order."""
        path = self.folder / "builds"
        return [int(line) for line in path.read_text().splitlines()] if path.exists() else []

    def go_on(self) -> None:
        """Let Go finish."""
        (self.folder / "go-on").touch()


@pytest.fixture
def slow(tiny: Tool, tmp_path: Path) -> Iterator[SlowBuild]:
    """A slow build; what a test leaves running ends with it."""
    go = tmp_path / "go"
    go.write_text(SLOW_GO)
    go.chmod(0o755)
    slow = SlowBuild(tiny, tmp_path, [])
    yield slow
    for builder in slow.builders:
        builder.kill()
        builder.communicate()


def test_a_tool_is_built_with_its_version_stamped(tiny: Tool) -> None:
    """The linker sets what the stamps name, and nothing but the program and the lock is left."""
    stamped = Tool(tiny.name, tiny.version, tiny.module, ".", stamps=("main.version=v1.2.3",))
    program = build(stamped)
    assert subprocess.run([program], capture_output=True, text=True, check=True).stderr == "v1.2.3\n"
    assert {path.name for path in program.parent.iterdir()} == {"tiny", "lock"}


def test_a_changed_module_is_built_anew(tiny: Tool) -> None:
    """The digest of the module is part of the place in the cache."""
    before = tool_folder(tiny)
    (tiny.module / "go.sum").write_text("another\n")
    assert tool_folder(tiny) != before


def test_a_failed_build_says_what_go_said(tiny: Tool) -> None:
    """The error names the tool and has the compiler's message; no program appears."""
    (tiny.module / "main.go").write_text("package main\n\nfunc main() { undefinedName() }\n")
    with pytest.raises(BuildError, match=r"tiny 1\.2\.3 failed:[^$]*undefinedName"):
        build(tiny)
    assert [path.name for path in tool_folder(tiny).iterdir()] == ["lock"]


def test_an_interrupted_builder_leaves_no_program_and_no_go(slow: SlowBuild) -> None:
    """Half of the program was written; when the builder has ended, Go and the half are gone."""
    builder = slow.start()
    wait_until(slow.compilers, "Go began to write")
    assert not slow.program.exists()
    builder.send_signal(signal.SIGINT)
    builder.wait(timeout=30)
    assert is_gone(slow.compilers()[0])
    assert [path.name for path in slow.program.parent.iterdir()] == ["lock"]


def test_after_a_killed_builder_the_next_one_starts_over(slow: SlowBuild) -> None:
    """Go ends with its builder, and the half that it wrote is never seen in the program's place."""
    builder = slow.start()
    wait_until(slow.compilers, "Go began to write")
    builder.kill()
    wait_until(lambda: is_gone(slow.compilers()[0]), "Go ended with its builder")
    assert not slow.program.exists()
    slow.go_on()
    said, _ = slow.start().communicate(timeout=30)
    assert said == f"{slow.program}\n"
    assert subprocess.run([slow.program], capture_output=True, text=True, check=True).stdout == "whole\n"
    assert {path.name for path in slow.program.parent.iterdir()} == {"tiny", "lock"}


def test_of_two_builders_one_waits_and_says_so(slow: SlowBuild) -> None:
    """The program is built once, and both get it."""
    first = slow.start()
    wait_until(slow.compilers, "Go began to write")
    second = slow.start()
    assert second.stderr is not None
    assert f"waiting for process {first.pid}" in second.stderr.readline()
    slow.go_on()
    for builder in (first, second):
        assert builder.communicate(timeout=30)[0] == f"{slow.program}\n"
    assert len(slow.compilers()) == 1
