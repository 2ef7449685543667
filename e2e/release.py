"""The chart's release: installed, upgraded, rolled back, uninstalled; and the chart as it was one change ago."""

from __future__ import annotations

import io
import subprocess
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from .commands import StepFailed

if TYPE_CHECKING:
    from .commands import Commands

ROOT: Final = Path(__file__).parents[1]
CHART: Final = ROOT / "charts" / "realtime-operator"
NAME: Final = "realtime-operator"
NAMESPACE: Final = "realtime-operator"
KEY_SECRET: Final = "openai"
WAIT: Final = ("--wait", "--timeout=120s")
OLDER_MARK: Final = "As it was before the upgrade."
SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Release:
    """One release, and the values it is installed with.

    Attributes:
        commands: as the administrator.
        image: of the operator, with its tag.
        base_url: of the provider.
        values: further ones of the chart, as in `--set=log.level=debug`.
    """

    commands: Commands
    image: str
    base_url: str
    values: tuple[str, ...] = ()

    def install(self, chart: Path = CHART) -> float:
        """Install a chart and wait until the operator is ready; give how many seconds that took.

        Raises:
            StepFailed: it does not get ready.
        """
        began = time.monotonic()
        self.commands.helm("install", NAME, chart, *self._values(), *WAIT)
        return time.monotonic() - began

    def upgrade(self, chart: Path = CHART, *more: str) -> None:
        """Upgrade to a chart and wait.

        Raises:
            StepFailed: it does not get ready.
        """
        self.commands.helm("upgrade", NAME, chart, *self._values(), *more, *WAIT)

    def roll_back(self) -> None:
        """Go back to the revision before, and wait.

        Raises:
            StepFailed: it does not get ready.
        """
        self.commands.helm("rollback", NAME, f"--namespace={NAMESPACE}", *WAIT)

    def test(self) -> None:
        """Run the chart's own test.

        Raises:
            StepFailed: it does not succeed.
        """
        self.commands.helm("test", NAME, f"--namespace={NAMESPACE}", "--timeout=120s")

    def uninstall(self) -> None:
        """Remove it and wait.

        Raises:
            StepFailed: something of it does not go.
        """
        self.commands.helm("uninstall", NAME, f"--namespace={NAMESPACE}", *WAIT)

    def memory_mib(self) -> float:
        """Give the operator's anonymous memory (RssAnon), in its pod, in MiB.

        Raises:
            StepFailed: there is no such process.
        """
        program = "print(open('/proc/1/status').read())"
        status = self.commands.kubectl(
            "exec", f"deployment/{NAME}", f"--namespace={NAMESPACE}", "--", "python3", "-c", program
        )
        return rss_anon_mib(status)

    def _values(self) -> list[str]:
        repository, tag = split_image(self.image)
        return [
            f"--namespace={NAMESPACE}",
            f"--set=image.repository={repository}",
            f"--set-string=image.tag={tag}",
            f"--set=defaultProvider.existingSecret={KEY_SECRET}",
            f"--set=defaultProvider.baseURL={self.base_url}",
            *self.values,
        ]


def split_image(image: str) -> tuple[str, str]:
    """Part an image's name from its tag; a port of a registry is no tag."""
    repository, colon, tag = image.rpartition(":")
    return (repository, tag) if colon and "/" not in tag else (image, "latest")


def rss_anon_mib(status: str) -> float:
    """Read RssAnon from /proc/PID/status, in MiB."""
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return round(int(lines["RssAnon"].split()[0]) / 1024, 1)


def definitions(chart: Path) -> list[dict[str, Any]]:
    """Give the CustomResourceDefinitions of a chart."""
    return [yaml.safe_load(path.read_text()) for path in sorted((chart / "files" / "crds").glob("*.yaml"))]


def schemas(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the schemas of CustomResourceDefinitions, by name."""
    return {
        one["metadata"]["name"]: [version["schema"] for version in one["spec"]["versions"]] for one in found
    }


def older_chart(folder: Path) -> tuple[Path, str] | None:
    """Unpack the chart as it was one change ago, with its commit; None where there was none.

    Its CustomResourceDefinitions get a mark, so that their upgrade shows although nothing in them may have changed.
    """
    place = str(CHART.relative_to(ROOT))
    if not (ROOT / ".git").exists():  # the sources alone
        return None
    commits = _git("log", "--format=%H", "-2", "--", place).decode().split()
    is_changed = bool(_git("status", "--porcelain", "--", place))
    older = commits[:1] if is_changed else commits[1:]
    if not older:
        return None
    with tarfile.open(fileobj=io.BytesIO(_git("archive", older[0], place))) as archive:
        archive.extractall(folder, filter="data")
    chart = folder / place
    for path in (chart / "files" / "crds").glob("*.yaml"):
        document = yaml.safe_load(path.read_text())
        for version in document["spec"]["versions"]:
            version["schema"]["openAPIV3Schema"]["description"] = OLDER_MARK
        path.write_text(yaml.safe_dump(document, sort_keys=False))
    return chart, older[0]


def _git(*arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False, timeout=SECONDS)
    if done.returncode:
        raise StepFailed(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout
