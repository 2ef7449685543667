"""The words in which the session's body is declared: each makes the schema of one field.

Every declared field is nullable and has no default: a literal null means "off" to the provider, and the API server would prune it,
or turn it into the default. Every object stays open, so that a field of a later version of the API passes. Names of models, voices
and the like are plain strings, and only bounds that the API's own schema has are bounds here; bounds of its prose are advice.
"""

from __future__ import annotations

from realtime_operator.api.rules import LIST_TYPE, PRESERVE_UNKNOWN, JsonSchema


def text(description: str, *, longest: int | None = None) -> JsonSchema:
    """Declare a string; `longest` only for what rules look at, which the API server must be able to count."""
    bound: JsonSchema = {} if longest is None else {"maxLength": longest}
    return {"type": "string", "nullable": True, "description": description, **bound}


def flag(description: str) -> JsonSchema:
    """Declare a boolean."""
    return {"type": "boolean", "nullable": True, "description": description}


def whole(description: str, *, low: int | None = None, high: int | None = None) -> JsonSchema:
    """Declare an integer within inclusive bounds."""
    return {"type": "integer", "nullable": True, "description": description, **_bounds(low, high)}


def number(description: str, *, low: float | None = None, high: float | None = None) -> JsonSchema:
    """Declare a number within inclusive bounds."""
    return {"type": "number", "nullable": True, "description": description, **_bounds(low, high)}


def items(
    description: str, of: JsonSchema, *, least: int | None = None, most: int | None = None
) -> JsonSchema:
    """Declare a list that is written as a whole; `most` only for what rules look at."""
    bounds: JsonSchema = {}
    if least is not None:
        bounds["minItems"] = least
    if most is not None:
        bounds["maxItems"] = most
    return {
        "type": "array",
        "nullable": True,
        "description": description,
        **bounds,
        LIST_TYPE: "atomic",
        "items": of,
    }


def texts(description: str, *, least: int | None = None) -> JsonSchema:
    """Declare a list of strings."""
    return items(description, {"type": "string"}, least=least)


def record(description: str, fields: dict[str, JsonSchema]) -> JsonSchema:
    """Declare an object of which these fields are known, and which takes others."""
    return {
        "type": "object",
        "nullable": True,
        "description": description,
        PRESERVE_UNKNOWN: True,
        **({"properties": {**fields}} if fields else {}),
    }


def anything(description: str) -> JsonSchema:
    """Declare a field of several types, say string or object: it is described, and its type is not checked."""
    return {"nullable": True, "description": description, PRESERVE_UNKNOWN: True}


def _bounds(low: float | None, high: float | None) -> JsonSchema:
    bounds: JsonSchema = {}
    if low is not None:
        bounds["minimum"] = low
    if high is not None:
        bounds["maximum"] = high
    return bounds
