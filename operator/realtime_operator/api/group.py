"""Names that the cluster knows us by: group, kinds, labels, annotations."""

from __future__ import annotations

from typing import Final

GROUP: Final = "realtime-operator.io"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"
CATEGORY: Final = "realtime"

KIND_SESSION: Final = "RealtimeSession"
KIND_PROVIDER: Final = "RealtimeProvider"
KIND_CLUSTER_PROVIDER: Final = "ClusterRealtimeProvider"

PLURAL_SESSIONS: Final = "realtimesessions"
PLURAL_PROVIDERS: Final = "realtimeproviders"
PLURAL_CLUSTER_PROVIDERS: Final = "clusterrealtimeproviders"

DEFAULT_PROVIDER_NAME: Final = "default"
"""The provider of a session that names none: first in its own namespace, then of the cluster."""

LABEL_PROVIDER_KEY: Final = f"{GROUP}/provider-key"
"""On a key Secret, value "true": its owner's consent to be used for minting."""

LABEL_SESSION_VALUE: Final = f"{GROUP}/session-value"
"""On a Secret, value "true": its owner's consent that sessions of its namespace send what it holds to their provider."""

LABEL_ADOPT: Final = f"{GROUP}/adopt"
"""On a foreign Secret, value "true": its owner's consent that a session takes it over."""

LABEL_MANAGED_BY: Final = "app.kubernetes.io/managed-by"
MANAGED_BY: Final = "realtime-operator"

ANNOTATION_ROTATE: Final = f"{GROUP}/rotate"
"""On a session: rotate now, once per new value. On its Secret: the value handled last."""

ANNOTATION_SESSION: Final = f"{GROUP}/session"
ANNOTATION_ISSUED_AT: Final = f"{GROUP}/issued-at"
ANNOTATION_EXPIRES_AT: Final = f"{GROUP}/expires-at"
ANNOTATION_REQUEST_HASH: Final = f"{GROUP}/request-hash"
ANNOTATION_TOKEN_ID: Final = f"{GROUP}/token-id"
"""These, and the rotate value, describe the token in a Secret, so that a lost status costs nothing. The token's id is
also what a pod is told of it by: a changed annotation makes its kubelet look at the mounted Secret at once."""

ANNOTATION_HELD_TOKEN_ID: Final = f"{GROUP}/held-token-id"
"""On a pod, set by the pod itself: the id of the token that it holds."""

ANNOTATION_HELD_SINCE: Final = f"{GROUP}/held-since"
"""On a pod, set by the pod itself: since when it holds that token, in RFC 3339."""
