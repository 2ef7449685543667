"""realtime-operator: short-lived Realtime API tokens in Secrets, rotated before they expire.

A map of the package, in the direction of the imports:

* ``start`` is the program's first line; ``__main__`` reads settings and runs; ``wiring`` opens the adapters, and
  ``assembly`` joins the parts around them.
* ``await_ready`` waits for a session: what `helm test` runs.
* ``watch`` hears the API server through kopf; ``engine`` keeps the table and decides when to act.
* ``reconciler`` is the use case: observe, plan, mint, store, report.
* ``adapters`` is everything that leaves the process, one file for each counterpart.
* ``ports`` names what the reconciler and the engine need from the adapters.
* ``core`` decides, purely; ``api`` holds the three kinds and makes the CRDs.
"""
