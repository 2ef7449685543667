"""The body of ClientSecrets (types realtime and transcription) and of TranslationClientSecrets, declared.

Source: openai/openai-openapi at commit f85dbe2 (21 August 2026): RealtimeSessionCreateRequestGA,
RealtimeTranscriptionSessionCreateRequestGA, RealtimeTranslationSessionCreateRequest. `type`, `model`, `instructions` and `tools`
belong to it, too; `body` declares them, because rules or columns look at them.
"""

from __future__ import annotations

from typing import Final

from realtime_operator.api.body_audio import AUDIO
from realtime_operator.api.body_fields import anything, flag, record, text, texts
from realtime_operator.api.rules import JsonSchema

CURRENT: Final[dict[str, JsonSchema]] = {
    "output_modalities": texts(
        "What the model answers in: [audio], the default, or [text]; not both. "
        "ClientSecrets with type realtime; Sessions calls it modalities."
    ),
    "audio": AUDIO,
    "include": texts(
        "What events carry besides: item.input_audio_transcription.logprobs. ClientSecrets and "
        "TranscriptionSessions."
    ),
    "tracing": anything(
        "auto, or {workflow_name, group_id, metadata}: records the conversation for the API's traces. "
        "null or absent: off. ClientSecrets with type realtime, and Sessions."
    ),
    "tool_choice": anything(
        "auto (default), none, required, or one tool: {type: function, name}, {type: mcp, server_label, name}. "
        "ClientSecrets with type realtime; Sessions takes no MCP tool."
    ),
    "parallel_tool_calls": flag("Whether tools may be called at the same time; reasoning models only."),
    "reasoning": record(
        "How much a reasoning model thinks. ClientSecrets with type realtime.",
        {"effort": text("minimal, low, medium, high or xhigh. Default low.")},
    ),
    "max_output_tokens": anything(
        "Tokens of one answer at most: 1 to 4096, or inf, the default. ClientSecrets with type realtime; "
        "Sessions calls it max_response_output_tokens."
    ),
    "truncation": anything(
        "What to drop when the conversation grows too long: auto (default), disabled, or {type: "
        "retention_ratio, retention_ratio: 0 to 1, token_limits: {post_instructions}}."
    ),
    "prompt": record(
        "A prompt stored at the provider. OpenAI is reported to end these on 2026-11-30.",
        {
            "id": text("Its id; needed."),
            "version": text("Its version; null or absent: the newest."),
            "variables": record("Values for its variables, by name.", {}),
        },
    ),
}
