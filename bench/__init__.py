"""Measures the operator on a real control plane: ``python -m bench --scenario steady --n 1000 --lifetime 60``.

Own processes for etcd, kube-apiserver, stand-in provider, operator and witness (the observer package); the bench
itself creates the sessions and reads ``/proc``. What sessions suffered is told by the witness alone. As root the operator is started
with the Python and the packages of the image, as users have it; ``OPERATOR_IN=here`` takes those of the bench.

* ``create``: N sessions at once, 32 requests in flight, until each has its token.
* ``steady``: the rotations of N sessions whose due moments are spread evenly.
* ``restart``: the same; the operator is killed by SIGKILL and started again some seconds later.
* ``outage``: the same; the provider answers 503 for some seconds.
* ``noisy-neighbour``: the same, measured twice: alone, and beside as many sessions whose own provider never answers.
* ``churn``: the same, while a tenth of the sessions is created, given another request, and deleted each minute.
* ``soak``: the same for hours (``SECONDS=7200``); memory when the second half begins and at the end.
* ``idle``: N sessions whose tokens live two hours, so that nothing is due: what it costs to wait.
* ``throttled``: N sessions at once on a provider that grants so many mints a minute and answers 429 beyond.

But for ``create``, ``throttled`` and ``idle`` the sessions are created evenly over one rotation period, which spreads their due
moments from the first one on, and each rotates once before the measuring window begins.
"""
