"""What helps to see why a step failed: pods, warnings, the end of the operator's log, which holds no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .commands import StepFailed
from .release import NAME, NAMESPACE

if TYPE_CHECKING:
    from .commands import Commands


def diagnosis(commands: Commands) -> str:
    """Give it as text; a question that fails is answered with why."""
    questions = (
        ("get", "pods", "--all-namespaces", "--output=wide"),
        ("get", "realtimesessions.realtime-operator.io", "--all-namespaces", "--output=wide"),
        ("get", "events", "--all-namespaces", "--field-selector=type=Warning"),
        ("logs", f"deployment/{NAME}", f"--namespace={NAMESPACE}", "--tail=30"),
    )
    return "".join(
        f"--- kubectl {' '.join(question)}\n{_answer(commands, question)}\n" for question in questions
    )


def _answer(commands: Commands, question: tuple[str, ...]) -> str:
    try:
        return commands.kubectl(*question)
    except StepFailed as error:
        return str(error)
