"""The session's body in the schema: an open object, of which every field that the API documents is declared.

It holds the fields of all four endpoints, since a schema cannot depend on another field; each says where it belongs, and the
admission policy `policies/advice.yaml` warns of what is in the wrong place.
"""

from __future__ import annotations

from typing import Final

from realtime_operator.api.body_current import CURRENT
from realtime_operator.api.body_fields import anything, flag, items, record, text, texts
from realtime_operator.api.body_older import OLDER
from realtime_operator.api.rules import PRESERVE_UNKNOWN, JsonSchema, checked, rule

_CREDENTIAL_REMEDY: Final = (
    "whoever may read the session would read it; name the Secret that holds it in spec.secretValues"
)

_TOOL: Final[JsonSchema] = {
    "type": "object",
    "description": "One tool, in the API's own form.",
    PRESERVE_UNKNOWN: True,
    **checked(
        rule(
            "!has(self.authorization)",
            f"a tool's authorization is a credential: {_CREDENTIAL_REMEDY}, with path /tools/N/authorization",
            reason="FieldValueForbidden",
            field_path=".authorization",
        ),
        rule(
            "!has(self.headers)",
            f"a tool's headers carry credentials: {_CREDENTIAL_REMEDY}, with path /tools/N/headers/NAME",
            reason="FieldValueForbidden",
            field_path=".headers",
        ),
    ),
    "properties": {
        "type": text("function, or mcp for a server of tools; needed."),
        "name": text("function: its name."),
        "description": text("function: what it does and when to call it, for the model."),
        "parameters": record("function: its arguments, as a JSON schema.", {}),
        "server_label": text("mcp: what the server is called in the conversation; needed."),
        "server_url": text("mcp: address of the server; or connector_id, or tunnel_id."),
        "connector_id": text("mcp: a connector that the provider runs."),
        "tunnel_id": text("mcp: a tunnel to the server."),
        "server_description": text("mcp: what the server is for, for the model."),
        "allowed_tools": anything("mcp: names of tools, or {tool_names, read_only}; absent: all."),
        "allowed_callers": texts("mcp: who may call its tools, such as direct."),
        "require_approval": anything("mcp: always (default), never, or a filter by tool."),
        "defer_loading": flag("mcp: whether its tools are looked up only when they are needed."),
        "authorization": text(
            "Refused here: name the Secret that holds it in spec.secretValues.", longest=8192
        ),
        "headers": record(
            "Refused here: headers carry credentials; name their Secrets in spec.secretValues.", {}
        ),
    },
}

SESSION_BODY: Final[JsonSchema] = {
    PRESERVE_UNKNOWN: True,
    "properties": {
        "type": text(
            "realtime or transcription with the endpoint ClientSecrets; absent with all others.", longest=64
        ),
        "model": text(
            "The model's name, such as gpt-realtime; on Azure the deployment's. A transcription names its model "
            "beside the transcription's language.",
            longest=256,
        ),
        "instructions": text(
            "What the model is told before the conversation starts. ClientSecrets with type realtime, and "
            "Sessions.",
            longest=131072,
        ),
        "tools": items(
            "Tools that the model may use. ClientSecrets with type realtime; Sessions takes functions only. "
            "Their credentials come from Secrets: spec.secretValues.",
            _TOOL,
            most=128,
        ),
        **CURRENT,
        **OLDER,
    },
}
