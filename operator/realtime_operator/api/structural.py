"""From pydantic's JSON schema to the structural OpenAPI v3 schema that a CRD holds.

The API server takes only a part of JSON schema: no references, no alternatives, no null type. So references
are put in place, and an optional field is simply one that is not required.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from realtime_operator.api.rules import CLUSTER_ONLY, NAMESPACED_REQUIRED, RULES

if TYPE_CHECKING:
    from realtime_operator.api.model import ApiModel

_DROPPED: Final = {"title", "propertyNames", "$defs", CLUSTER_ONLY, NAMESPACED_REQUIRED}
_INT32_MAX: Final = 2**31 - 1
_FIRST: Final = ("description", "type", "format", "enum", "default", "nullable")
_LAST: Final = ("x-kubernetes-validations", "required", "additionalProperties", "items", "properties")


def _position(key: str) -> int:
    """Order a schema's keys for people: what it is, its bounds, its rules, what is inside."""
    if key in _FIRST:
        return _FIRST.index(key)
    return len(_FIRST) + (1 + _LAST.index(key) if key in _LAST else 0)


def structural_schema(model: type[ApiModel], *, cluster_scoped: bool, defaults: bool) -> dict[str, Any]:
    """Return the structural schema of a model.

    Args:
        model: The model of a spec or a status.
        cluster_scoped: Whether fields stay that only cluster-scoped kinds have.
        defaults: Whether the models' defaults become the API server's; a status has them only as a whole.
    """
    schema = model.model_json_schema(mode="validation", by_alias=True)
    return _Converter(schema.get("$defs", {}), cluster_scoped=cluster_scoped, defaults=defaults).convert(
        schema
    )


class _Converter:
    """Converts the parts of one schema; holds what the references point to."""

    def __init__(self, definitions: dict[str, Any], *, cluster_scoped: bool, defaults: bool) -> None:
        self._definitions = definitions
        self._cluster_scoped = cluster_scoped
        self._defaults = defaults

    def convert(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return one schema, and all below it, in structural form."""
        flat = {key: value for key, value in self._flatten(schema).items() if key not in _DROPPED}
        if "const" in flat:
            flat["enum"] = [flat.pop("const")]
        if flat.get("type") == "integer":
            flat["format"] = "int32" if flat.get("maximum", _INT32_MAX + 1) <= _INT32_MAX else "int64"
        if not self._defaults or flat.get("default") in (None, []):
            flat.pop("default", None)
        if RULES in flat:
            self._convert_rules(flat)
        if "properties" in flat:
            self._convert_properties(flat)
        if "items" in flat:
            flat["items"] = self.convert(flat["items"])
        self._convert_values(flat)
        return {key: flat[key] for key in sorted(flat, key=_position)}

    def _flatten(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Put a reference, or the alternative that is not null, in its place; what stands beside it wins."""
        if "$ref" in schema:
            target = self._definitions[schema["$ref"].removeprefix("#/$defs/")]
            return self._flatten(target) | {key: value for key, value in schema.items() if key != "$ref"}
        if "anyOf" in schema:
            (branch,) = (one for one in schema["anyOf"] if one != {"type": "null"})
            return self._flatten(branch) | {key: value for key, value in schema.items() if key != "anyOf"}
        return schema

    def _convert_rules(self, flat: dict[str, Any]) -> None:
        """Leave out rules about fields that only cluster-scoped kinds have: they would not compile."""
        kept = [
            {key: value for key, value in one.items() if key != CLUSTER_ONLY}
            for one in flat.pop(RULES)
            if self._cluster_scoped or CLUSTER_ONLY not in one
        ]
        if kept:
            flat[RULES] = kept

    def _convert_properties(self, flat: dict[str, Any]) -> None:
        kept = {
            name: field
            for name, field in flat["properties"].items()
            if self._cluster_scoped or CLUSTER_ONLY not in field
        }
        required = [name for name in flat.get("required", []) if name in kept]
        required += [name for name, field in kept.items() if field.get(CLUSTER_ONLY) == "required"]
        if not self._cluster_scoped:
            required += [name for name, field in kept.items() if field.get(NAMESPACED_REQUIRED)]
        flat["properties"] = {name: self.convert(field) for name, field in kept.items()}
        flat.pop("required", None)
        if required:
            flat["required"] = required

    def _convert_values(self, flat: dict[str, Any]) -> None:
        values = flat.get("additionalProperties")
        if isinstance(values, dict):
            flat["additionalProperties"] = self.convert(values)
        else:
            flat.pop("additionalProperties", None)
