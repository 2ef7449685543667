"""What the API server refuses in a session, and what it says then."""

from __future__ import annotations

from typing import Final

from realtime_operator.api.rules import checked, rule

_HAS_NAME: Final = "(has(self.secret) && has(self.secret.name))"
_HAD_NAME: Final = "(has(oldSelf.secret) && has(oldSelf.secret.name))"

DELIVERY_RULES: Final = checked(
    rule(
        "(has(self.propagation) && self.propagation == 'PodAnnotation') == has(self.podSelector)",
        "podSelector belongs to propagation PodAnnotation, and must be there with it: set the labels of the pods that mount "
        "the Secret; with Kubelet and None remove it, because nobody would be told",
        field_path=".podSelector",
    ),
    rule(
        "!has(self.podSelector) || (has(self.podSelector.matchLabels) && size(self.podSelector.matchLabels) > 0) "
        "|| (has(self.podSelector.matchExpressions) && size(self.podSelector.matchExpressions) > 0)",
        "an empty podSelector chooses every pod of the namespace; name the labels of those that mount the Secret",
        field_path=".podSelector",
    ),
)

SESSION_RULES: Final = checked(
    rule(
        "self.endpoint != 'ClientSecrets' || !has(self.session) "
        "|| (has(self.session.type) && self.session.type in ['realtime', 'transcription'])",
        "with endpoint ClientSecrets a session says its type: realtime or transcription",
        field_path=".session.type",
    ),
    rule(
        "self.endpoint == 'ClientSecrets' || !has(self.session) || !has(self.session.type)",
        "only with endpoint ClientSecrets has a session a type; remove it, or use endpoint ClientSecrets",
        reason="FieldValueForbidden",
        field_path=".session.type",
    ),
    rule(
        "self.endpoint != 'TranslationClientSecrets' || (has(self.session) && has(self.session.model))",
        "with endpoint TranslationClientSecrets a session names its model, such as gpt-realtime-translate",
        field_path=".session.model",
    ),
    rule(
        f"{_HAS_NAME} == {_HAD_NAME} && (!{_HAS_NAME} || self.secret.name == oldSelf.secret.name)",
        "the Secret's name cannot be changed, set or removed later, because readers would be left "
        "with a token that nobody rotates; make a new session instead",
        reason="FieldValueForbidden",
        field_path=".secret.name",
    ),
    rule(
        "!has(self.nullPaths) || size(self.nullPaths) == 0 || has(self.session)",
        "nullPaths point into spec.session, which is missing",
        field_path=".nullPaths",
    ),
    rule(
        "!has(self.nullPaths) || !('/type' in self.nullPaths)",
        "a session's type cannot be null; with endpoint ClientSecrets it is realtime or transcription, "
        "with the others leave it out",
        field_path=".nullPaths",
    ),
    rule(
        "!has(self.secretValues) || size(self.secretValues) == 0 || has(self.session)",
        "secretValues point into spec.session, which is missing",
        field_path=".secretValues",
    ),
    rule(
        "!has(self.secretValues) || !self.secretValues.exists(v, v.path in ['/type', '/model'] "
        "|| v.path == '/client_secret' || v.path.startsWith('/client_secret/'))",
        "type, model and client_secret do not come from a Secret: rules and policies look at them; "
        "write them into spec.session, and the lifetime into spec.lifetimeSeconds",
        reason="FieldValueForbidden",
        field_path=".secretValues",
    ),
    rule(
        "!has(self.secretValues) || !has(self.nullPaths) "
        "|| !self.secretValues.exists(v, v.path in self.nullPaths)",
        "a value is either null or comes from a Secret; take its path out of nullPaths or secretValues",
        field_path=".secretValues",
    ),
)
