"""What request bodies may hold, as tables, endpoint by endpoint of the API.

The tables follow the API's published schemas; model ids and voices are open strings on purpose, because the
API's own lists change monthly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.provider.shapes import (
    Either,
    Fields,
    Flag,
    Integer,
    Items,
    Nullable,
    Number,
    OpenMap,
    Shape,
    Tagged,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXT, FLAG = Text(), Flag()
LIFETIME = Integer(10, 7200)
EXPIRES_AFTER: Mapping[str, Shape] = {"anchor": Text(("created_at",)), "seconds": LIFETIME}
NOISE_REDUCTION: Mapping[str, Shape] = {"type": Text(("near_field", "far_field"))}
MODALITY = Text(("text", "audio"))

TRACING = Nullable(
    Either((Text(("auto",)), Fields({"workflow_name": TEXT, "group_id": TEXT, "metadata": OpenMap()})))
)
FUNCTION = Fields({"type": TEXT, "name": TEXT, "description": TEXT, "parameters": OpenMap()})
MCP = Fields(
    {
        "type": TEXT,
        "server_label": TEXT,
        "server_url": TEXT,
        "connector_id": TEXT,
        "tunnel_id": TEXT,
        "authorization": TEXT,
        "headers": Nullable(OpenMap(TEXT)),
        "server_description": TEXT,
        "allowed_tools": Nullable(Either((Items(TEXT), OpenMap()))),
        "allowed_callers": Nullable(Items(TEXT)),
        "require_approval": Nullable(Either((Text(("always", "never")), OpenMap()))),
        "defer_loading": FLAG,
    },
    required=("server_label",),
    one_of=("server_url", "connector_id", "tunnel_id"),
)
PLAIN_CHOICE = Text(("none", "auto", "required"))
FUNCTION_CHOICE = Fields({"type": TEXT, "name": TEXT}, required=("name",))
MCP_CHOICE = Fields(
    {"type": TEXT, "server_label": TEXT, "name": Nullable(TEXT)},
    required=("server_label",),
)
TOKENS = Either((Integer(1, 4096), Text(("inf",))))

AUDIO_FORMAT = Tagged(
    {
        "audio/pcm": Fields({"type": TEXT, "rate": Integer(24000, 24000)}),
        "audio/pcmu": Fields({"type": TEXT}),
        "audio/pcma": Fields({"type": TEXT}),
    }
)
TURN_REACTION: Mapping[str, Shape] = {"create_response": FLAG, "interrupt_response": FLAG}
EAGERNESS = Text(("low", "medium", "high", "auto"))
TURN_DETECTION = Tagged(
    {
        "server_vad": Fields(
            {
                "type": TEXT,
                "threshold": Number(0, 1),
                "prefix_padding_ms": Integer(0),
                "silence_duration_ms": Integer(0),
                "idle_timeout_ms": Nullable(Integer(5000, 30000)),
                **TURN_REACTION,
            }
        ),
        "semantic_vad": Fields({"type": TEXT, "eagerness": EAGERNESS, **TURN_REACTION}),
    }
)
TRANSCRIPTION = Fields(
    {
        "model": TEXT,
        "language": TEXT,
        "languages": Items(TEXT, least=1),
        "keywords": Items(TEXT),
        "prompt": TEXT,
        "delay": Text(("minimal", "low", "medium", "high", "xhigh")),
    }
)
AUDIO_INPUT = Fields(
    {
        "format": AUDIO_FORMAT,
        "transcription": Nullable(TRANSCRIPTION),
        "noise_reduction": Nullable(Fields({**NOISE_REDUCTION, "strength": Number()})),
        "turn_detection": Nullable(TURN_DETECTION),
    }
)
AUDIO_OUTPUT = Fields(
    {
        "format": AUDIO_FORMAT,
        "voice": Either((TEXT, Fields({"id": TEXT}, required=("id",)))),
        "speed": Number(0.25, 1.5),
    }
)
INCLUDE = Items(Text(("item.input_audio_transcription.logprobs",)))
RETENTION = Fields(
    {
        "type": Text(("retention_ratio",)),
        "retention_ratio": Number(0, 1),
        "token_limits": Fields({"post_instructions": Integer(0)}),
    },
    required=("type", "retention_ratio"),
)
GA_REALTIME = Fields(
    {
        "type": TEXT,
        "model": TEXT,
        "output_modalities": Items(MODALITY, exclusive=frozenset({"text", "audio"})),
        "instructions": TEXT,
        "audio": Fields({"input": AUDIO_INPUT, "output": AUDIO_OUTPUT}),
        "include": INCLUDE,
        "tracing": TRACING,
        "tools": Items(Tagged({"function": FUNCTION, "mcp": MCP})),
        "tool_choice": Either((PLAIN_CHOICE, Tagged({"function": FUNCTION_CHOICE, "mcp": MCP_CHOICE}))),
        "parallel_tool_calls": FLAG,
        "reasoning": Fields({"effort": Text(("minimal", "low", "medium", "high", "xhigh"))}),
        "max_output_tokens": TOKENS,
        "truncation": Either((Text(("auto", "disabled")), RETENTION)),
        "prompt": Nullable(
            Fields({"id": TEXT, "version": Nullable(TEXT), "variables": OpenMap()}, required=("id",))
        ),
    }
)
GA_TRANSCRIPTION = Fields({"type": TEXT, "audio": Fields({"input": AUDIO_INPUT}), "include": INCLUDE})
CLIENT_SECRETS = Fields(
    {
        "expires_after": Fields(EXPIRES_AFTER),
        "session": Tagged({"realtime": GA_REALTIME, "transcription": GA_TRANSCRIPTION}),
    }
)

BETA_FORMAT = Text(("pcm16", "g711_ulaw", "g711_alaw"))
BETA_TURN_DETECTION = Fields(
    {
        "type": Text(("server_vad", "semantic_vad")),
        "eagerness": EAGERNESS,
        "threshold": Number(0, 1),
        "prefix_padding_ms": Integer(0),
        "silence_duration_ms": Integer(0),
        **TURN_REACTION,
    }
)
SESSIONS = Fields(
    {
        "model": TEXT,
        "modalities": Items(MODALITY),
        "instructions": TEXT,
        "voice": TEXT,
        "input_audio_format": BETA_FORMAT,
        "output_audio_format": BETA_FORMAT,
        "input_audio_transcription": Nullable(Fields({"model": TEXT, "language": TEXT, "prompt": TEXT})),
        "input_audio_noise_reduction": Nullable(Fields(NOISE_REDUCTION)),
        "turn_detection": Nullable(BETA_TURN_DETECTION),
        "speed": Number(0.25, 1.5),
        "tracing": TRACING,
        "tools": Items(Tagged({"function": FUNCTION})),
        "tool_choice": Either((PLAIN_CHOICE, Tagged({"function": FUNCTION_CHOICE}))),
        "temperature": Number(0.6, 1.2),
        "max_response_output_tokens": TOKENS,
        "client_secret": Fields({"expires_after": Fields(EXPIRES_AFTER, required=("anchor",))}),
    }
)
TRANSCRIPTION_SESSIONS = Fields(
    {
        "modalities": Items(MODALITY),
        "input_audio_format": BETA_FORMAT,
        "input_audio_transcription": Nullable(Fields({"model": TEXT, "language": TEXT, "prompt": TEXT})),
        "input_audio_noise_reduction": Nullable(Fields(NOISE_REDUCTION)),
        "turn_detection": Nullable(BETA_TURN_DETECTION),
        "include": Items(TEXT),
        "client_secret": Fields({"expires_at": Fields(EXPIRES_AFTER)}),
    }
)
TRANSLATION_SESSION = Fields(
    {
        "model": TEXT,
        "audio": Fields(
            {
                "input": Fields(
                    {
                        "transcription": Nullable(Fields({"model": TEXT}, required=("model",))),
                        "noise_reduction": Nullable(
                            Fields({**NOISE_REDUCTION, "strength": Number()}, required=("type",))
                        ),
                    }
                ),
                "output": Fields({"language": TEXT}),
            }
        ),
    },
    required=("model",),
)
TRANSLATION_CLIENT_SECRETS = Fields(
    {"expires_after": Fields(EXPIRES_AFTER), "session": TRANSLATION_SESSION}, required=("session",)
)

AZURE_CLIENT_SECRETS = Fields(
    {
        "expires_after": Fields(EXPIRES_AFTER),
        "session": Tagged(
            {
                "realtime": Fields(GA_REALTIME.known, required=("model",)),
                "transcription": GA_TRANSCRIPTION,
            }
        ),
    },
    required=("session",),
)
"""Azure needs the session with its type, and the model, which is the deployment's name there."""

AZURE_SESSIONS = Fields(
    {name: shape for name, shape in SESSIONS.known.items() if name != "client_secret"}, required=("model",)
)
AZURE_TRANSCRIPTION_SESSIONS = Fields(
    {name: shape for name, shape in TRANSCRIPTION_SESSIONS.known.items() if name != "client_secret"}
)
"""The preview documents no way to ask for a lifetime."""
