"""Writes the chart's README from its values."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .values import Value

LONGEST_DEFAULT = 40

HEAD = """# Helm chart of realtime-operator

<!-- Generated from values.yaml by `make chart`. Edit that, or hack/chart/readme.py. -->

For Helm 3 and 4, and Kubernetes 1.30 or later. How to install, upgrade and remove it: `docs/install.md` of the project.

```sh
helm install realtime-operator charts/realtime-operator --namespace realtime-operator --create-namespace \\
  --set image.repository=REGISTRY/realtime-operator --set defaultProvider.existingSecret=openai
helm --namespace realtime-operator test realtime-operator
```

## Values

`values.schema.json` refuses what is misspelt or of the wrong type, and says where.

| value | default | what it is |
| --- | --- | --- |
"""


def render(values: Sequence[Value]) -> str:
    """Give the content of the file."""
    return HEAD + "".join(f"| `{one.path}` | {_default(one)} | {_cell(one.about)} |\n" for one in values)


def _default(value: Value) -> str:
    if len(value.default) > LONGEST_DEFAULT:
        return "see `values.yaml`"
    return f"`{_cell(value.default)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
