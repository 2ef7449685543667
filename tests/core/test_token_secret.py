"""The Secret of a session: what it should hold, the writes that bring it there, and what one holds that was observed."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_operator.api import group
from realtime_operator.api.secret import SecretKey
from realtime_operator.core.secret_documents import create_manifest, merge_patch, replacement, takeover_patch
from realtime_operator.core.secret_view import ObservedSecret, observed_secret
from realtime_operator.core.token_secret import (
    Holding,
    Target,
    content_of,
    entry_names,
    has_nothing_else,
    holding_of,
    is_intact,
)
from tests.support.builders import (
    NOW,
    TOKEN,
    UID,
    a_hash,
    a_holding,
    a_stamp,
    a_target,
    a_token,
    observed,
    stored,
)

PREVIOUS = a_token("ek_planted_before", issued_at=NOW - 400)
ENTRIES = {
    "token": TOKEN,
    "expires-at": "2025-11-24T16:10:00Z",
    "previous-token": "ek_planted_before",
    "previous-expires-at": "2025-11-24T16:03:20Z",
    "base-url": "https://api.example.test/v1",
    "model": "gpt-realtime",
}


def test_the_content() -> None:
    """One Secret holds token, expiry, the token before, what readers need beside it, and its own description."""
    target = a_target(labels={"team": "voice"}, annotations={"example.com/note": "x"})
    content = content_of(target, a_holding(previous=PREVIOUS, rotate="1764"))
    document = content.data["realtime.json"]
    assert {**content.data, "realtime.json": json.loads(document)} == {**ENTRIES, "realtime.json": ENTRIES}
    assert content.labels == {"team": "voice", "app.kubernetes.io/managed-by": "realtime-operator"}
    assert content.annotations == {
        "example.com/note": "x",
        "realtime-operator.io/session": "concierge",
        "realtime-operator.io/issued-at": "2025-11-24T16:00:00Z",
        "realtime-operator.io/expires-at": "2025-11-24T16:10:00Z",
        "realtime-operator.io/request-hash": a_hash(),
        "realtime-operator.io/token-id": a_token().token_id,
        "realtime-operator.io/rotate": "1764",
        "realtime-operator.io/keys": ",".join(f"{key}={key}" for key in SecretKey),
    }


def test_no_previous_token() -> None:
    """A first token has no entries of one before, in the document neither."""
    content = content_of(a_target(), a_holding())
    assert set(content.data) == set(ENTRIES) - {"previous-token", "previous-expires-at"} | {"realtime.json"}
    assert "previous" not in content.data["realtime.json"]


def test_renamed_entries_keep_their_names_in_the_document() -> None:
    """An entry's name is the author's choice; the document's fields are always the same."""
    content = content_of(
        a_target(keys={"token": "OPENAI_REALTIME_TOKEN", "realtime.json": "rt"}), a_holding()
    )
    assert content.data["OPENAI_REALTIME_TOKEN"] == TOKEN
    assert "token" not in content.data
    assert json.loads(content.data["rt"])["token"] == TOKEN


def test_the_authors_labels_cannot_take_the_operators_place() -> None:
    """What the Secret says of itself wins over what a spec says."""
    target = a_target(
        labels={group.LABEL_MANAGED_BY: "me"}, annotations={group.ANNOTATION_TOKEN_ID: "forged"}
    )
    content = content_of(target, a_holding())
    assert content.labels[group.LABEL_MANAGED_BY] == group.MANAGED_BY
    assert content.annotations[group.ANNOTATION_TOKEN_ID] == a_token().token_id


def test_a_token_of_the_spec_before_keeps_its_own_model() -> None:
    """While the new spec has no token yet, readers of the old one are not told the new model."""
    old = a_holding(request_hash="of-the-spec-before", model="gpt-before")
    assert content_of(a_target(), old).data["model"] == "gpt-before"
    assert json.loads(content_of(a_target(), old).data["realtime.json"])["model"] == "gpt-before"


def test_neither_content_nor_holding_prints_a_token() -> None:
    """What holds tokens shows none."""
    holding = a_holding(previous=PREVIOUS)
    shown = repr(content_of(a_target(), holding)) + repr(holding) + repr(observed(holding=holding))
    assert "ek_planted" not in shown


def test_the_document_that_creates_it() -> None:
    """It is created with its owner, as an Opaque Secret, with its values encoded."""
    manifest = create_manifest(a_target(name="other"), content_of(a_target(), a_holding()))
    assert manifest["metadata"]["name"] == "other"
    assert manifest["metadata"]["ownerReferences"] == [
        {
            "apiVersion": "realtime-operator.io/v1alpha1",
            "kind": "RealtimeSession",
            "name": "concierge",
            "uid": UID,
            "controller": True,
            "blockOwnerDeletion": False,
        }
    ]
    assert (manifest["kind"], manifest["type"]) == ("Secret", "Opaque")
    assert base64.b64decode(manifest["data"]["token"]).decode() == TOKEN


def test_a_patch_carries_the_uid_and_no_owner() -> None:
    """A late write can neither touch another Secret nor revive a dead owner; what is stale is removed."""
    content = content_of(a_target(), a_holding())
    patch = merge_patch(content, stamp=a_stamp("u"), stale=frozenset({"old-name", "token", "previous-token"}))
    assert patch["metadata"].keys() == {"uid", "labels", "annotations"}
    assert patch["metadata"]["uid"] == "u"
    assert {name for name, value in patch["data"].items() if value is None} == {"old-name", "previous-token"}
    assert base64.b64decode(patch["data"]["token"]).decode() == TOKEN


def test_a_replacement_is_of_one_version_and_keeps_the_owner() -> None:
    """It has all that a new Secret has, for the version known and no other."""
    content = content_of(a_target(), a_holding())
    document = replacement(a_target(), content, stamp=a_stamp("u"))
    pinned = {"uid": "u", "resourceVersion": a_stamp("u").resource_version, "managedFields": [{}]}
    made = create_manifest(a_target(), content)
    assert document == made | {"metadata": made["metadata"] | pinned}


@pytest.mark.parametrize(
    "foreign",
    [
        {"labels": {"theirs": "x"}},
        {"annotations": {"theirs": "x"}},
        {"finalizers": ["example.com/theirs"]},
        {"managedFields": [{"manager": "gitops", "operation": "Apply"}]},
        {"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "theirs", "uid": "v"}]},
    ],
    ids=lambda foreign: next(iter(foreign)),
)
def test_what_others_added_is_noticed(foreign: dict[str, Any]) -> None:
    """A label, an annotation, a finalizer, an owner: each makes a Secret one that is not ours alone."""
    content = content_of(a_target(), a_holding())
    raw = stored(a_target(), a_holding())
    assert has_nothing_else(observed_secret(raw), content)
    for name, added in foreign.items():
        before = raw["metadata"].get(name)
        raw["metadata"][name] = [*(before or []), *added] if isinstance(added, list) else {**before, **added}
    seen = observed_secret(raw)
    assert is_intact(seen, content)
    assert not has_nothing_else(seen, content)


def test_a_takeover_is_of_the_version_that_was_observed() -> None:
    """Whoever changes the Secret in between keeps it: the patch carries the version, and the new owner."""
    seen = observed()
    patch = takeover_patch(a_target(), content_of(a_target(), a_holding()), observed=seen, stale=frozenset())
    assert (patch["metadata"]["uid"], patch["metadata"]["resourceVersion"]) == ("secret-uid", "1")
    assert [owner["uid"] for owner in patch["metadata"]["ownerReferences"]] == [UID]


def test_entries_are_found_under_the_names_they_had() -> None:
    """After a rename the Secret's own word says where its token is, so that it is moved and not minted anew."""
    before = a_target(keys={"token": "T", "expires-at": "E"})
    seen = observed(before, a_holding())
    assert holding_of(seen) == a_holding()
    assert entry_names(seen)[SecretKey.TOKEN] == "T"
    assert not is_intact(seen, content_of(a_target(), a_holding()))
    moved = merge_patch(
        content_of(a_target(), a_holding()),
        stamp=seen.stamp,
        stale=frozenset(entry_names(seen).values()),
    )
    assert {name for name, value in moved["data"].items() if value is None} >= {"T", "E"}


def edited(data: dict[str, str | None] | None = None, **notes: str | None) -> ObservedSecret:
    """An observed Secret with entries or annotations changed by somebody; None removes."""
    raw = stored(a_target(), a_holding(previous=PREVIOUS))
    for name, value in (data or {}).items():
        raw["data"].pop(name, None)
        if value is not None:
            raw["data"][name] = base64.b64encode(value.encode()).decode()
    for name, value in notes.items():
        key = f"{group.GROUP}/{name.replace('_', '-')}"
        raw["metadata"]["annotations"].pop(key, None)
        if value is not None:
            raw["metadata"]["annotations"][key] = value
    return observed_secret(raw)


UNREADABLE: list[tuple[str, ObservedSecret]] = [
    ("another token", edited({"token": "ek_other"})),
    ("no token", edited({"token": None})),
    ("an empty token", edited({"token": ""})),
    ("no issue time", edited(issued_at=None)),
    ("no expiry", edited(expires_at=None)),
    ("an expiry that is none", edited(expires_at="tomorrow")),
    ("a later expiry on the annotation alone", edited(expires_at="2035-01-01T00:00:00Z")),
    ("a later expiry in the entry alone", edited({"expires-at": "2035-01-01T00:00:00Z"})),
    ("no request hash", edited(request_hash=None)),
    ("no token id", edited(token_id=None)),
    ("another token id", edited(token_id="000000000000")),
    ("no names of entries", edited(keys=None)),
    ("other names of entries", edited(keys="token=model")),
    ("names that are none", edited(keys="nonsense,,a=b=c,=x")),
]


@pytest.mark.parametrize("seen", [row[1] for row in UNREADABLE], ids=[row[0] for row in UNREADABLE])
def test_a_secret_that_does_not_describe_its_token(seen: ObservedSecret) -> None:
    """A token that is missing, was edited, or contradicts its description is not trusted."""
    assert holding_of(seen) is None


TAMPERED: list[tuple[str, ObservedSecret]] = [
    ("no document", edited({"realtime.json": None})),
    ("another document", edited({"realtime.json": "{}"})),
    ("no expiry entry", edited({"expires-at": None})),
    ("no previous token", edited({"previous-token": None})),
    ("another base URL", edited({"base-url": "https://evil.test"})),
    ("another rotate value", edited(rotate="5")),
    ("another session's name", edited(session="other")),
    *UNREADABLE,
]


@pytest.mark.parametrize("seen", [row[1] for row in TAMPERED], ids=[row[0] for row in TAMPERED])
def test_a_secret_that_was_edited_is_not_intact(seen: ObservedSecret) -> None:
    """Every change to what is ours is noticed."""
    assert not is_intact(seen, content_of(a_target(), a_holding(previous=PREVIOUS)))


def test_what_others_add_does_not_matter() -> None:
    """Further entries, labels and annotations are nobody's business of ours."""
    raw = stored(a_target(), a_holding())
    raw["data"]["theirs"] = "eA=="
    raw["metadata"]["labels"]["theirs"] = "x"
    raw["metadata"]["annotations"]["theirs"] = "x"
    assert is_intact(observed_secret(raw), content_of(a_target(), a_holding()))


@pytest.mark.parametrize("missing", ["labels", "annotations"])
def test_lost_labels_or_annotations_are_noticed(missing: str) -> None:
    """A Secret without our labels or annotations is not intact."""
    raw = stored(a_target(), a_holding())
    del raw["metadata"][missing]
    assert not is_intact(observed_secret(raw), content_of(a_target(), a_holding()))


values = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)
moments = st.integers(1_000_000_000, 4_000_000_000).map(float)
tokens = st.builds(a_token, values, issued_at=moments, life=st.integers(1, 7260).map(float))
entry = st.from_regex(r"\A[A-Za-z0-9_-]{1,20}\Z")
renames = st.dictionaries(st.sampled_from([*SecretKey]), entry, max_size=7).filter(
    lambda names: len({names.get(key, key.value) for key in SecretKey}) == len(SecretKey)
)


@given(tokens, st.none() | tokens, st.text("0123456789abcdef", min_size=1), st.text(max_size=10), renames)
def test_a_secret_says_what_it_holds(
    token: Any, previous: Any, request_hash: str, rotate: str, names: dict[SecretKey, str]
) -> None:
    """Whatever was written is read back from the Secret alone, under any names, and is intact."""
    target: Target = a_target(keys={key.value: name for key, name in names.items()})
    holding: Holding = a_holding(token, previous=previous, request_hash=request_hash, rotate=rotate)
    seen = observed(target, holding)
    read = holding_of(seen)
    assert read is not None
    # When the previous token was issued is forgotten, for nobody needs it.
    told = previous and replace(previous, issued_at=previous.expires_at)
    assert read == replace(holding, previous=told)
    assert is_intact(seen, content_of(target, read))
