"""Providers: what their policy allows, what their status says, and whether their key can be used."""

from __future__ import annotations

from typing import Any

import pytest

from realtime_operator.api.auth import AuthScheme
from realtime_operator.api.provider import Allow, ProviderStatus
from realtime_operator.core.errors import FailureClass, ProviderDown, ProviderNotReady
from realtime_operator.core.provider_clock import ProviderClock
from realtime_operator.core.provider_key import (
    Form,
    Named,
    credential_header,
    missing_secret,
    read_ca_bundle,
    read_credential,
    read_key_file,
)
from realtime_operator.core.provider_report import CALM_PAUSE_S, URGENT_PAUSE_S, pause_before, provider_status
from realtime_operator.core.provider_standing import LastError, Standing, standing_of
from realtime_operator.core.provider_view import permitted_lifetime
from realtime_operator.core.reasons import Reason
from tests.support.builders import KEY, NOW, a_template, a_view

CONSENT = {"realtime-operator.io/provider-key": "true"}
NAMED = Named("hotel/openai", "api-key", "spec.auth.secretRef")

ALLOWED: list[tuple[str, dict[str, Any] | None, dict[str, Any], int | None]] = [
    ("no policy", None, {}, 600),
    ("no policy, no lifetime", None, {"lifetimeSeconds": None}, None),
    ("an empty policy", {}, {}, 600),
    ("the model by name", {"models": ["gpt-realtime"]}, {}, 600),
    ("the model by wildcard", {"models": ["other", "gpt-real*"]}, {}, 600),
    ("the endpoint", {"endpoints": ["ClientSecrets"]}, {}, 600),
    ("the namespace", {"namespaces": {"matchLabels": {"team": "voice"}}}, {}, 600),
    ("every namespace", {"namespaces": {}}, {}, 600),
    ("exactly the longest life", {"maxLifetimeSeconds": 600}, {}, 600),
    ("the longest life where none is asked for", {"maxLifetimeSeconds": 300}, {"lifetimeSeconds": None}, 300),
]


@pytest.mark.parametrize(
    ("allow", "spec", "lifetime"), [row[1:] for row in ALLOWED], ids=[row[0] for row in ALLOWED]
)
def test_what_a_policy_allows(
    allow: dict[str, Any] | None, spec: dict[str, Any], lifetime: int | None
) -> None:
    """A session within the policy is told which lifetime to ask for."""
    view = a_view(allow=Allow.model_validate(allow) if allow is not None else None)
    assert permitted_lifetime(view, a_template(**spec), {"team": "voice"}) == lifetime


FLAT = {"endpoint": "Sessions", "session": {"ttl": 5, "model": "m"}}
NO_PLACE = "cannot be asked for a lifetime at ClientSecrets; remove it."
TAKEN = "takes the lifetime there; remove it and set spec.lifetimeSeconds."


def test_where_no_lifetime_can_be_asked_for() -> None:
    """A session that wants one is told so; one that wants none is sent without, also where the policy has a longest life."""
    view = a_view(
        lifetime_fields={"ClientSecrets": ""}, allow=Allow.model_validate({"maxLifetimeSeconds": 300})
    )
    with pytest.raises(
        ProviderNotReady, match=f"^spec.lifetimeSeconds 600: RealtimeProvider default {NO_PLACE}$"
    ):
        permitted_lifetime(view, a_template(), {})
    assert permitted_lifetime(view, a_template(lifetimeSeconds=None), {}) is None
    assert permitted_lifetime(view, a_template(endpoint="Sessions", lifetimeSeconds=60), {}) == 60


def test_where_the_lifetimes_place_is_taken() -> None:
    """JSON with a name twice means what its reader likes, so the session must leave the place free; beside a session it is free anyway."""
    view = a_view(lifetime_fields={"Sessions": "/ttl/seconds", "ClientSecrets": "/model"})
    with pytest.raises(ProviderNotReady, match=f"^spec.session.ttl: RealtimeProvider default {TAKEN}$"):
        permitted_lifetime(view, a_template(**FLAT), {})
    assert permitted_lifetime(view, a_template(), {}) == 600


REFUSED: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    (
        "another model",
        {"models": ["a", "b*"]},
        {},
        "spec.session.model gpt-realtime: RealtimeProvider default allows only a, b*.",
    ),
    (
        "no model",
        {"models": ["a"]},
        {"session": {"type": "realtime"}},
        "spec.session.model is not set: RealtimeProvider default allows only a.",
    ),
    (
        "a model of another case",
        {"models": ["GPT-realtime"]},
        {},
        "spec.session.model gpt-realtime: RealtimeProvider default allows only GPT-realtime.",
    ),
    (
        "another endpoint",
        {"endpoints": ["Sessions"]},
        {},
        "spec.endpoint ClientSecrets: RealtimeProvider default allows only Sessions.",
    ),
    (
        "a longer life",
        {"maxLifetimeSeconds": 599},
        {},
        "spec.lifetimeSeconds 600: RealtimeProvider default allows at most 599.",
    ),
    (
        "another namespace",
        {"namespaces": {"matchLabels": {"team": "x"}}},
        {},
        (
            "RealtimeProvider default does not allow this namespace; its administrator labels the namespace as"
            " spec.allow.namespaces asks."
        ),
    ),
]


@pytest.mark.parametrize(
    ("allow", "spec", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_a_policy_refuses(allow: dict[str, Any], spec: dict[str, Any], message: str) -> None:
    """The message names the field, and what is allowed."""
    with pytest.raises(ProviderNotReady) as caught:
        permitted_lifetime(a_view(allow=Allow.model_validate(allow)), a_template(**spec), {"team": "voice"})
    assert str(caught.value) == message
    assert caught.value.reason is Reason.PROVIDER_NOT_ALLOWED


def test_a_sound_key() -> None:
    """A labelled Secret with a clean entry gives its key."""
    assert read_credential(NAMED, CONSENT, {"api-key": KEY}, Form.KEY) == KEY


KEYS: list[tuple[str, dict[str, str], dict[str, str], Reason, str]] = [
    ("unlabelled", {}, {"api-key": KEY}, Reason.KEY_SECRET_NOT_LABELLED, "its owner consents with the label"),
    ("the entry is missing", CONSENT, {"key": KEY}, Reason.KEY_MISSING, "has no entry 'api-key'"),
    ("empty", CONSENT, {"api-key": ""}, Reason.KEY_MISSING, "is empty"),
    ("a trailing newline", CONSENT, {"api-key": f"{KEY}\n"}, Reason.KEY_MISSING, "often a newline"),
    ("a leading blank", CONSENT, {"api-key": f" {KEY}"}, Reason.KEY_MISSING, "white space"),
    ("blanks alone", CONSENT, {"api-key": "  "}, Reason.KEY_MISSING, "white space"),
    ("two lines", CONSENT, {"api-key": f"{KEY}\n{KEY}"}, Reason.KEY_MISSING, "no header can carry"),
    ("a byte order mark", CONSENT, {"api-key": f"\ufeff{KEY}"}, Reason.KEY_MISSING, "no header can carry"),
    ("without end", CONSENT, {"api-key": "k" * 8193}, Reason.KEY_MISSING, "no header can carry"),
]


@pytest.mark.parametrize(
    ("labels", "data", "reason", "said"), [row[1:] for row in KEYS], ids=[row[0] for row in KEYS]
)
def test_keys_that_cannot_be_used(
    labels: dict[str, str], data: dict[str, str], reason: Reason, said: str
) -> None:
    """Each has its reason and its remedy, and none shows anything of the value."""
    with pytest.raises(ProviderNotReady) as caught:
        read_credential(NAMED, labels, data, Form.KEY)
    assert caught.value.reason is reason
    assert "hotel/openai" in str(caught.value)
    assert said in str(caught.value)
    assert "planted" not in repr(caught.value)


def test_a_header_may_have_blanks_within() -> None:
    """A gateway's header is sent as it is stored, scheme and all; the field that names it is the one to correct."""
    named = Named("hotel/gateway", "header", "spec.headersFrom[1].secretKeyRef")
    assert read_credential(named, CONSENT, {"header": "Bearer abc"}, Form.HEADER) == "Bearer abc"
    with pytest.raises(ProviderNotReady, match=r"correct spec\.headersFrom\[1\]\.secretKeyRef\.key\.$"):
        read_credential(named, CONSENT, {}, Form.HEADER)
    for broken in ("a\nX-Other: b", " a", "a ", "a\x00b", "ä"):
        with pytest.raises(ProviderNotReady, match="entry 'header'"):
            read_credential(named, CONSENT, {"header": broken}, Form.HEADER)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_key_in_a_file(end: str) -> None:
    """The line end behind it does not belong to it."""
    assert read_key_file("openai/api-key", KEY + end) == KEY


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "is empty"), ("\n", "is empty"), (f"{KEY}\n\n", "white space"), (f"{KEY}\n{KEY}", "no header")],
)
def test_a_file_without_a_sound_key(text: str, said: str) -> None:
    """It is named by its path, and shows nothing of what is in it."""
    with pytest.raises(ProviderNotReady, match=said) as caught:
        read_key_file("openai/api-key", text)
    assert caught.value.reason is Reason.KEY_MISSING
    assert str(caught.value).startswith("spec.auth.file openai/api-key: the file ")
    assert "planted" not in repr(caught.value)


def test_the_header_of_each_scheme() -> None:
    """The key goes where the scheme says and nowhere else."""
    assert credential_header(AuthScheme.BEARER, "k") == {"Authorization": "Bearer k"}
    assert credential_header(AuthScheme.API_KEY_HEADER, "k") == {"api-key": "k"}


def test_a_key_secret_that_does_not_exist() -> None:
    """The remedy holds the label that will be needed, too."""
    assert str(missing_secret(NAMED)).endswith(
        'with the label realtime-operator.io/provider-key: "true", or correct spec.auth.secretRef.'
    )


@pytest.mark.parametrize("data", [None, {}, {"ca.crt": ""}, {"ca.crt": "no PEM"}])
def test_certificates_that_are_none(data: dict[str, str] | None) -> None:
    """A reference that leads to no certificate is named."""
    with pytest.raises(
        ProviderNotReady, match=r"caBundleRef: ConfigMap hotel/ca has no PEM certificates at 'ca\.crt'"
    ):
        read_ca_bundle("ConfigMap hotel/ca", "ca.crt", data)


def test_certificates() -> None:
    """PEM text is taken as it is."""
    pem = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"
    assert read_ca_bundle("ConfigMap hotel/ca", "ca.crt", {"ca.crt": pem}) == pem


def test_the_status_of_a_provider() -> None:
    """Ready says whether the key is at hand; its time moves with its status alone."""
    trouble = missing_secret(NAMED)
    first = provider_status(generation=1, trouble=trouble, standing=Standing(), before={}, now=NOW)
    same = provider_status(generation=2, trouble=trouble, standing=Standing(), before=first, now=NOW + 60)
    mended = provider_status(generation=2, trouble=None, standing=Standing(), before=same, now=NOW + 120)
    assert [
        (one["observedGeneration"], c["status"], c["reason"], c["lastTransitionTime"])
        for one in (first, same, mended)
        for c in one["conditions"]
    ] == [
        (1, "False", "KeySecretMissing", "2025-11-24T16:00:00Z"),
        (2, "False", "KeySecretMissing", "2025-11-24T16:00:00Z"),
        (2, "True", "KeyReady", "2025-11-24T16:02:00Z"),
    ]


def shown(before: dict[str, Any] | None = None, *, now: float = NOW, **known: Any) -> dict[str, Any]:
    """The status of a provider with a key, with which it stands so."""
    return provider_status(
        generation=1, trouble=None, standing=Standing(**known), before=before or {}, now=now
    )


def a_clock(offset: float) -> ProviderClock:
    """A clock that is so far ahead of ours."""
    return ProviderClock(offset - 0.5, offset + 0.5, NOW)


def test_a_provider_that_is_down() -> None:
    """Ready is False, with the trouble's own reason and words; a missing key counts more."""
    down = ProviderDown(Reason.PROVIDER_UNAVAILABLE, "It is away.")
    [ready] = shown(down=down)["conditions"]
    assert (ready["status"], ready["reason"], ready["message"]) == (
        "False",
        "ProviderUnavailable",
        "It is away.",
    )
    trouble = missing_secret(NAMED)
    both = provider_status(generation=1, trouble=trouble, standing=Standing(down=down), before={}, now=NOW)
    assert both["conditions"][0]["reason"] == "KeySecretMissing"


AN_ERROR = {"reason": "ProviderRejected", "httpStatus": 400, "time": "2025-11-24T15:00:00Z"}

FIGURES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("nothing to say", {}, {}, {}),
    ("a short pause", {"paused_until": NOW + 2.9}, {}, {}),
    ("a pause", {"paused_until": NOW + 9.2}, {}, {"throttledUntil": "2025-11-24T16:00:10Z"}),
    (
        "a pause that goes on",
        {"paused_until": NOW + 1},
        {"throttledUntil": "2025-11-24T16:00:01Z"},
        {"throttledUntil": "2025-11-24T16:00:01Z"},
    ),
    ("a pause that is over", {}, {"throttledUntil": "2025-11-24T16:00:00Z"}, {}),
    ("a narrowed rate", {"narrowed": 54.4}, {}, {"requestsPerMinute": 54}),
    ("one that hardly moved", {"narrowed": 58.0}, {"requestsPerMinute": 54}, {"requestsPerMinute": 54}),
    ("one that moved", {"narrowed": 60.0}, {"requestsPerMinute": 54}, {"requestsPerMinute": 60}),
    ("one that is nearly nothing", {"narrowed": 0.3}, {}, {"requestsPerMinute": 1}),
    ("a rate that is not narrowed any more", {}, {"requestsPerMinute": 54}, {}),
    ("a clock that agrees", {"clock": a_clock(1.9)}, {}, {}),
    ("a clock ahead", {"clock": a_clock(61.4)}, {}, {"clockOffsetSeconds": 61}),
    ("a clock that slow answers leave open", {"clock": ProviderClock(-1.0, 6.0, NOW)}, {}, {}),
    ("a clock behind", {"clock": a_clock(-2.2)}, {}, {"clockOffsetSeconds": -2}),
    (
        "one that hardly moved, too",
        {"clock": a_clock(4.2)},
        {"clockOffsetSeconds": 6},
        {"clockOffsetSeconds": 6},
    ),
    ("one that came right", {"clock": a_clock(1.4)}, {"clockOffsetSeconds": 3}, {}),
    ("one that went on", {"clock": a_clock(8.4)}, {"clockOffsetSeconds": 6}, {"clockOffsetSeconds": 8}),
    ("one that is not known yet", {}, {"clockOffsetSeconds": 6}, {"clockOffsetSeconds": 6}),
    (
        "an error",
        {"last_error": LastError(NOW, "ProviderRejected", 400)},
        {},
        {"lastError": {"reason": "ProviderRejected", "httpStatus": 400, "time": "2025-11-24T16:00:00Z"}},
    ),
    (
        "no answer at all",
        {"last_error": LastError(NOW, "ProviderUnavailable", None)},
        {},
        {"lastError": {"reason": "ProviderUnavailable", "time": "2025-11-24T16:00:00Z"}},
    ),
    ("an error of the process before", {}, {"lastError": AN_ERROR}, {"lastError": AN_ERROR}),
]


@pytest.mark.parametrize(
    ("known", "before", "expected"), [row[1:] for row in FIGURES], ids=[row[0] for row in FIGURES]
)
def test_what_stands_beside_the_conditions(
    known: dict[str, Any], before: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Only what matters, and moved only where that is worth a write."""
    status = shown(before, **known)
    del status["observedGeneration"], status["conditions"]
    assert status == expected
    ProviderStatus.model_validate({"conditions": [], **status})


def test_how_soon_a_status_is_written() -> None:
    """What came or went within 5 s of the write before; a figure that only moved within 30 s."""
    calm = shown(narrowed=54.0)
    assert pause_before(calm, shown(narrowed=70.0)) == CALM_PAUSE_S
    assert pause_before(calm, shown()) == URGENT_PAUSE_S
    assert pause_before(calm, shown(narrowed=54.0, paused_until=NOW + 9)) == URGENT_PAUSE_S
    assert pause_before(calm, shown(narrowed=54.0, down=ProviderDown("Away", "It is."))) == URGENT_PAUSE_S


def test_what_a_new_process_takes_up() -> None:
    """Trouble, pause and rate of the same generation; of another one nothing, and nothing that a person has to mend in the cluster."""
    down = ProviderDown(Reason.PROVIDER_BILLING, "No credit.", failure_class=FailureClass.PEOPLE)
    status = shown(down=down, paused_until=NOW + 9, narrowed=54.0, narrowed_at=NOW - 50)
    known = standing_of(status, generation=1)
    assert known.down is not None
    assert (known.down.reason, str(known.down), known.down.failure_class) == (
        "ProviderBilling",
        "No credit.",
        FailureClass.PEOPLE,
    )
    assert (known.paused_until, known.narrowed, known.narrowed_at) == (NOW + 9, 54, NOW - 50)
    del status["lastThrottledTime"]
    assert standing_of(status, generation=1).narrowed is None  # of what age?
    assert standing_of(status, generation=2) == Standing()
    assert standing_of({}, generation=1) == Standing()
    trouble = missing_secret(NAMED)
    keyless = provider_status(generation=1, trouble=trouble, standing=Standing(), before={}, now=NOW)
    assert standing_of(keyless, generation=1).down is None


def test_a_new_process_takes_up_a_clock_that_is_wrong() -> None:
    """A token whose status was not written is due by the provider's clock, which answers alone would tell of, and none has come yet."""
    status = shown(clock=ProviderClock(-18.6, -17.6, seen_at=NOW))
    clock = standing_of(status, generation=1).clock
    assert clock.likely_local(NOW) == NOW + 18
    assert (clock.uncertainty, clock.seen_at) == (5.0, None)
    assert standing_of(shown(), generation=1).clock == ProviderClock()
