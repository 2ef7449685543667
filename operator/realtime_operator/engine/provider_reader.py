"""Makes of a provider's object what its sessions need, by reading what it refers to."""

from __future__ import annotations

from realtime_operator.api.auth import Auth
from realtime_operator.api.group import KIND_CLUSTER_PROVIDER
from realtime_operator.api.provider import CaBundleRef, CaKind
from realtime_operator.core.errors import ProviderNotReady
from realtime_operator.core.object_ref import ObjectRef
from realtime_operator.core.provider_key import read_ca_bundle
from realtime_operator.core.provider_view import ProviderView
from realtime_operator.core.reasons import Reason
from realtime_operator.engine.credentials import (
    FileCredentials,
    SecretCredentials,
    further_headers,
    namespace_of,
)
from realtime_operator.engine.known_provider import KnownProvider
from realtime_operator.reference_ports import CredentialSource, KeyFiles, ReferenceStore


class ProviderReader:
    """Reads by name; nothing is remembered here."""

    def __init__(self, references: ReferenceStore, files: KeyFiles) -> None:
        """Read from here.

        Args:
            references: key Secrets and CA bundles.
            files: the folder of credentials that the operator is given.
        """
        self._references = references
        self._secret: CredentialSource = SecretCredentials(references)
        self._file: CredentialSource = FileCredentials(files)

    async def view_of(self, provider: KnownProvider) -> ProviderView:
        """The provider as it is now.

        Raises:
            ProviderNotReady: its spec, its key or another thing that it refers to cannot be used.
            ClusterError: something could not be read, which says nothing of whether it is there.
        """
        spec, ref = provider.usable_spec(), provider.ref
        if spec.auth.file is not None and ref.kind != KIND_CLUSTER_PROVIDER:
            # The CRD refuses it, too, but an older one may be installed; and whoever writes a provider chooses where the key is sent.
            raise ProviderNotReady(
                Reason.PROVIDER_INVALID,
                "spec.auth.file: a file of the operator's pod is for a ClusterRealtimeProvider alone; name the key in"
                " spec.auth.secretRef.",
            )
        credentials = dict(await self._source(spec.auth).headers(ref, spec.auth))
        credentials |= await further_headers(self._references, ref, spec.headers_from)
        return ProviderView(
            kind=ref.kind,
            name=ref.name,
            base_url=spec.base_url.rstrip("/"),
            credentials=credentials,
            organization=spec.organization,
            project=spec.project,
            headers=spec.headers,
            paths=spec.paths,
            lifetime_fields=spec.lifetime_fields,
            ca_bundle=await self._ca_bundle(ref, spec.ca_bundle_ref),
            allow=spec.allow,
        )

    def _source(self, auth: Auth) -> CredentialSource:
        """Who gives the credential: another way to prove who asks is another line here."""
        return self._file if auth.file is not None else self._secret

    async def _ca_bundle(self, provider: ObjectRef, ref: CaBundleRef | None) -> str | None:
        if ref is None:
            return None
        namespace = namespace_of(provider, ref.namespace)
        is_config_map = ref.kind is CaKind.CONFIG_MAP
        read = self._references.config_map if is_config_map else self._references.key_secret
        document = await read(namespace, ref.name)
        return read_ca_bundle(
            f"{ref.kind} {namespace}/{ref.name}", ref.key, document.data if document else None
        )
