"""Performs something with a run while it is watched that all lives, until it is done or a signal ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from bench.cluster import Api, ApiError
from bench.run import Run, RunError
from bench.settings import Settings
from bench.stage import Stage
from demo.children import StartError
from demo.ending import Ending
from demo.kubectl import KubectlError
from hack.controlplane import BuildError, ControlPlaneError, GoMissingError

T = TypeVar("T")

NOT_DONE: Final = (
    *(ApiError, BuildError, ControlPlaneError, GoMissingError, KubectlError, OSError, RunError),
    StartError,
)
"""What is raised where something cannot be performed; the message is for people."""


async def supervised(
    perform: Callable[[Run], Awaitable[T]], running: Stage, settings: Settings, ending: Ending, label: str
) -> T:
    """Perform something, and give what it gives.

    Args:
        perform: what is done.
        running: the stage, up.
        settings: of the run.
        ending: which is told what a signal ends from now on.
        label: of each line of progress.

    Raises:
        RunError, StartError, ApiError: it could not be done.
        asyncio.CancelledError: a signal came.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def end() -> None:
        if task is not None:
            loop.call_soon_threadsafe(task.cancel)

    with ending.instead(end):
        async with Api(running.plane.kubeconfig) as api:
            run = Run(running, settings, api, label)
            try:
                async with asyncio.TaskGroup() as group:
                    watching = group.create_task(run.progress())
                    done = await perform(run)
                    watching.cancel()
            except BaseExceptionGroup as errors:
                raise _first(errors) from errors
    return done


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Give the first error in a tree of them."""
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
