"""What the environment asks of the demo."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import MutableMapping

SECONDS: Final = 60.0
SHORTEST, LONGEST = 5.0, 86_400.0
"""Seconds: the sessions need a moment to get ready; and certificates of the control plane live for days only."""

LIVE_URL: Final = "https://api.openai.com/v1"


class SettingsInvalid(Exception):
    """The demo cannot be run as asked; the message names the variable, and never shows a key."""


class ProviderChoice(StrEnum):
    """Who mints."""

    STAND_IN = "stand-in"
    OPENAI = "openai"


@dataclass(frozen=True, slots=True)
class Settings:
    """What was asked for.

    Attributes:
        seconds: how long the show runs, from the moment the sessions are applied.
        provider: who mints.
        key: the provider key; of the stand-in, one made for this run.
        base_url: of the live API or a gateway; empty for the stand-in, which is not there yet.
    """

    seconds: float
    provider: ProviderChoice
    key: str = field(repr=False)
    base_url: str = ""


def take_settings(environment: MutableMapping[str, str]) -> Settings:
    """Read the settings, and take the key out of the environment so that no child process inherits it.

    Raises:
        SettingsInvalid: for a value that cannot be used.
    """
    key = environment.pop("OPENAI_API_KEY", "").strip()
    seconds = _seconds(environment.get("DEMO_SECONDS", "").strip())
    provider = _provider(environment.get("DEMO_PROVIDER", "").strip())
    if provider is ProviderChoice.STAND_IN:
        return Settings(seconds, provider, key=f"sk-standin-{secrets.token_urlsafe(24)}")
    if not key:
        raise SettingsInvalid("DEMO_PROVIDER=openai needs a key in OPENAI_API_KEY")
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise SettingsInvalid("OPENAI_API_KEY holds what no key does: spaces or characters beyond ASCII")
    return Settings(seconds, provider, key, _url(environment.get("OPENAI_BASE_URL", "").strip()))


def _seconds(text: str) -> float:
    try:
        seconds = float(text) if text else SECONDS
    except ValueError:
        seconds = math.nan
    if not SHORTEST <= seconds <= LONGEST:
        raise SettingsInvalid(f"DEMO_SECONDS={text!r}: give a number from {SHORTEST:.0f} to {LONGEST:.0f}")
    return seconds


def _provider(text: str) -> ProviderChoice:
    try:
        return ProviderChoice(text) if text else ProviderChoice.STAND_IN
    except ValueError:
        choices = " or ".join(ProviderChoice)
        raise SettingsInvalid(f"DEMO_PROVIDER={text!r}: give {choices}, or leave it out") from None


def _url(text: str) -> str:
    if text and not text.startswith(("https://", "http://")):
        raise SettingsInvalid("OPENAI_BASE_URL is no address that begins with https://")
    return text.rstrip("/") or LIVE_URL
