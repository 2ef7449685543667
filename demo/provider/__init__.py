"""A stand-in for the provider's API: mints ephemeral tokens that open nothing, and misbehaves on request.

Answers the API's four endpoints below /v1 as the API does, and is strict about what it is sent: unknown and
ill-typed fields, wrong keys and refused models get the API's own error shapes. Other servers' dialects are
served below their names, as far as their documentation tells: /azure/openai/v1, /azure-preview/openai,
/litellm/v1, /xai/v1, /bifrost/v1, /vercel/v1, /mistral/v1, /opper/v3, /compatible/v1.
It prints one line of JSON when it is ready, {"url": ..., "pid": ...}, and ends on SIGTERM.

The control API below /_standin/ (JSON, same port, loopback only unless opened):

  GET    /_standin/health            status, the stand-in's time, number of mints
  GET    /_standin/settings          all settings, and fingerprints of the accepted keys
  PUT    /_standin/settings          replaces those it names: latency (seconds or [low, high]), clock_offset,
                                     lifetime (forced on every token), retired [ENDPOINT], record_requests,
                                     refused_models {MODEL: model_not_found | invalid_value}, body_limit
  PUT    /_standin/keys              {"keys": [...]} accepts these provider keys and no others
  GET    /_standin/faults            rules in force, and how many requests each has taken
  PUT    /_standin/faults            a list of rules replaces them; POST adds one; DELETE removes all
  GET    /_standin/ledger?after=N    tokens handed out: n, token_sha256, issued_at, expires_at, endpoint,
                                     lifetime, model, request_id, key_fingerprint,
                                     answered_at (null: never answered)
  GET    /_standin/requests?after=N  recorded requests, with null and absent told apart

A rule is {"match": {endpoint, model, times, probability, until, beyond_per_minute}, "action": {"kind": ..., "mint": false}}.
All of match is optional; the first rule that takes a request decides. "mint": true makes an orphan: a token
is made and never told. Kinds of action, with their fields:

  respond   status, error {code, type, message, param} or body (JSON) or text, content_type,
            headers (null removes one), retry_after (seconds), retry_after_date (true: as an HTTP date)
  hang      seconds (absent: until the client leaves), then drops the connection
  drop      after_bytes (of the usual answer; absent: before any)
  drip      size (bytes), pause (seconds): the usual answer, slowly
  lifetime  seconds: the usual answer with a token of another life
  blank     part ("token" or "expiry"): the usual answer with null in its place
  bloat     size (bytes), compressed: the usual answer, much larger
  html      status
  empty     status
  redirect  location, status
"""
