"""The session's body in the schema: an open object, of which only what rules and columns need is declared.

Every declared field is nullable and has no default: a literal null means "off" to the provider, and the API
server would prune it, or turn it into the default.
"""

from __future__ import annotations

from typing import Final

from realtime_operator.api.rules import LIST_TYPE, PRESERVE_UNKNOWN, JsonSchema, checked, rule

_CREDENTIAL_REMEDY: Final = (
    "whoever may read the session would read it; "
    "remove it, and let your own server add this tool to the running session"
)

_TOOL: Final[JsonSchema] = {
    "type": "object",
    "description": "One tool, in the API's own form.",
    PRESERVE_UNKNOWN: True,
    **checked(
        rule(
            "!has(self.authorization)",
            f"a tool's authorization is a credential: {_CREDENTIAL_REMEDY}",
            reason="FieldValueForbidden",
            field_path=".authorization",
        ),
        rule(
            "!has(self.headers)",
            f"a tool's headers carry credentials: {_CREDENTIAL_REMEDY}",
            reason="FieldValueForbidden",
            field_path=".headers",
        ),
    ),
    "properties": {
        "authorization": {
            "type": "string",
            "nullable": True,
            "maxLength": 8192,
            "description": "Refused: a credential does not belong in an object that many may read.",
        },
        "headers": {
            "type": "object",
            "nullable": True,
            PRESERVE_UNKNOWN: True,
            "description": "Refused: headers of an MCP server carry credentials.",
        },
    },
}

SESSION_BODY: Final[JsonSchema] = {
    PRESERVE_UNKNOWN: True,
    "properties": {
        "type": {
            "type": "string",
            "nullable": True,
            "maxLength": 64,
            "description": "realtime or transcription with the endpoint ClientSecrets; absent with all others.",
        },
        "model": {
            "type": "string",
            "nullable": True,
            "maxLength": 256,
            "description": "The model's name, such as gpt-realtime.",
        },
        "instructions": {
            "type": "string",
            "nullable": True,
            "maxLength": 131072,
            "description": "What the model is told before the conversation starts.",
        },
        "tools": {
            "type": "array",
            "nullable": True,
            "maxItems": 128,
            LIST_TYPE: "atomic",
            "description": "Tools that the model may use. Their credentials are refused here.",
            "items": _TOOL,
        },
    },
}
