"""How a session wants its Secret."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from realtime_operator.api.group import GROUP, LABEL_ADOPT, LABEL_MANAGED_BY
from realtime_operator.api.model import ApiModel
from realtime_operator.api.rules import DNS_NAME, ENTRY_NAME, QUALIFIED_NAME, cel_list, checked, rule
from realtime_operator.api.selector import LABEL_NAMES, LabelValue


class SecretKey(StrEnum):
    """The entries that the Secret of a session has, by their default names."""

    TOKEN = "token"
    EXPIRES_AT = "expires-at"
    PREVIOUS_TOKEN = "previous-token"
    PREVIOUS_EXPIRES_AT = "previous-expires-at"
    BASE_URL = "base-url"
    MODEL = "model"
    DOCUMENT = "realtime.json"


class AdoptionPolicy(StrEnum):
    """What to do when a Secret of the wanted name is there and is not this session's."""

    NEVER = "Never"
    IF_UNOWNED = "IfUnowned"


KeyName = Annotated[str, Field(min_length=1, max_length=253, pattern=ENTRY_NAME)]
AnnotationValue = Annotated[str, Field(max_length=4096)]

_NAMES: Final = cel_list(SecretKey)

_KEYS: Final = checked(
    rule(f"self.all(k, k in {_NAMES})", f"keys renames these entries and no others: {', '.join(SecretKey)}"),
    rule(
        "self.all(a, self.all(b, a == b || self[a] != self[b]))",
        "two entries of the Secret cannot have the same name",
    ),
    rule(
        f"self.all(k, self[k] == k || !(self[k] in {_NAMES}) || self[k] in self)",
        "an entry cannot take the default name of another one that keeps it",
    ),
    rule(
        "self.all(k, self[k] != '.' && !self[k].startsWith('..'))",
        "an entry's name cannot be one dot, nor begin with two",
    ),
)

_LABELS: Final = checked(
    rule(
        f"self.all(k, !k.startsWith('{GROUP}/') && k != '{LABEL_MANAGED_BY}')",
        f"labels under {GROUP}/ and {LABEL_MANAGED_BY} are the operator's own",
        reason="FieldValueForbidden",
    ),
    LABEL_NAMES,
)

_ANNOTATIONS: Final = checked(
    rule(
        f"self.all(k, !k.startsWith('{GROUP}/'))",
        f"annotations under {GROUP}/ are the operator's own",
        reason="FieldValueForbidden",
    ),
    rule(
        f"self.all(k, k.matches('{QUALIFIED_NAME}'))",
        "an annotation's name must be one that Kubernetes accepts",
    ),
)


class SecretSpec(ApiModel):
    """The Secret that the session keeps filled."""

    name: str | None = Field(
        default=None,
        max_length=253,
        pattern=DNS_NAME,
        description="Name of the Secret; absent: the session's own. It cannot be changed, set or removed later.",
    )
    keys: dict[str, KeyName] = Field(
        default_factory=dict,
        max_length=len(SecretKey),
        description=(
            f"Other names for entries of the Secret, by their default names: {', '.join(SecretKey)}. "
            "For example token: OPENAI_REALTIME_TOKEN. realtime.json holds all of them in one document, so "
            "that a reader of one file never sees halves of two tokens."
        ),
        json_schema_extra=_KEYS,
    )
    labels: dict[str, LabelValue] = Field(
        default_factory=dict,
        max_length=32,
        description="Further labels for the Secret.",
        json_schema_extra=_LABELS,
    )
    annotations: dict[str, AnnotationValue] = Field(
        default_factory=dict,
        max_length=32,
        description="Further annotations for the Secret.",
        json_schema_extra=_ANNOTATIONS,
    )
    adoption_policy: AdoptionPolicy = Field(
        default=AdoptionPolicy.NEVER,
        description=(
            "What to do with a Secret of that name that is not this session's. Never: leave it alone and say "
            f'so. IfUnowned: take it over if nobody owns it and it carries the label {LABEL_ADOPT}: "true".'
        ),
    )

    def key_name(self, key: SecretKey) -> str:
        """Return the name that an entry has in this Secret."""
        return self.keys.get(key, key.value)
