"""What is generated around the Helm chart: `python -m hack.chart` writes it, `--check` compares.

* `values`: reads what `values.yaml` says of each value.
* `readme`: the chart's README.
* `files`: everything that is generated, copies of crds/ and policies/ among it.
* `manifests`: renders the chart to plain manifests.
"""
