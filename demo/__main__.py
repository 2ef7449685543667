"""The guided demo: ``python -m demo``, or ``make demo``.

DEMO_SECONDS (60) is how long it runs once the sessions are applied; DEMO_PROVIDER=openai with OPENAI_API_KEY mints at
the live API, or at the gateway in OPENAI_BASE_URL, in place of the stand-in.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from dataclasses import replace
from typing import Final

from rich.console import Console

from demo.children import StartError
from demo.ending import Ending
from demo.kubectl import KubectlError
from demo.samples import NAMESPACE, samples
from demo.screen import screen_for
from demo.settings import Settings, SettingsInvalid, take_settings
from demo.show import show
from demo.stage import Stage, stage
from demo.verdict import Outcome, Verdict, judge
from hack.controlplane import BuildError, ControlPlaneError, GoMissingError, end_with_parent

USAGE_ERROR: Final = 2
NOT_STARTED: Final = (BuildError, ControlPlaneError, GoMissingError, KubectlError, StartError)


def main() -> int:
    """Run the demo and give the exit code: 0 if all was as it should be, 1 if not, 2 for settings that cannot be used."""
    try:
        settings = take_settings(os.environ)
    except SettingsInvalid as error:
        sys.stderr.write(f"demo: {error}\n")
        return USAGE_ERROR
    end_with_parent()
    with Ending() as ending:
        verdict = judge(samples(settings.provider), _run(settings, ending))
        _tell(verdict)
    return verdict.exit_code


def _run(settings: Settings, ending: Ending) -> Outcome:
    """Set up, show, clear up."""
    console = Console(highlight=False)
    _write(f"A real control plane, the operator, and five sessions for {settings.seconds:.0f} s.\n\n")
    try:
        with stage(settings, _write) as running:
            _write(_lines_to_try(running))
            outcome = asyncio.run(show(running, screen_for(console), ending, seconds=settings.seconds))
            return replace(outcome, troubles=[*outcome.troubles, *running.end_operator()])
    except NOT_STARTED as error:
        return Outcome(troubles=[str(error)])
    except KeyboardInterrupt:
        return Outcome(troubles=[f"{ending.came} ended the demo before the sessions were applied"])


def _lines_to_try(running: Stage) -> str:
    kubectl = running.kubectl.program
    return rf"""
Try, in another terminal:

  export KUBECONFIG={running.plane.kubeconfig}
  alias kubectl={kubectl}
  kubectl get rts -n {NAMESPACE} -w
  kubectl describe rts misspelled -n {NAMESPACE}
  kubectl get secret doorbell -n {NAMESPACE} -o jsonpath='{{.data.realtime\.json}}' | base64 -d
  kubectl annotate rts concierge -n {NAMESPACE} --overwrite realtime-operator.io/rotate="$(date +%s)"
  kubectl get events -n {NAMESPACE}

"""


def _tell(verdict: Verdict) -> None:
    """Say what is wrong, then the figures, last of all."""
    sys.stdout.flush()
    with contextlib.suppress(OSError):
        sys.stderr.writelines(f"demo: {complaint}\n" for complaint in verdict.complaints)
        sys.stderr.flush()
    _write(f"{verdict.line}\n")


def _write(text: str) -> None:
    """Write at once; nobody may be listening any more."""
    with contextlib.suppress(OSError):
        sys.stdout.write(text)
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
