"""`make e2e SUITE=delivery`: pods on a real node read their mounted tokens every 50 ms, and none may have expired.

* `groups`: sessions and the pods that read their tokens.
* `told`: when the API server tells of a Secret's or a pod's token.
* `readings`: what pods saw, and how long after the Secret's write.
* `crowd`: many pods of one session, without a kubelet.
* `sidecars`: those of examples/, in the middle of it.
* `faults`: the provider gone for a while, the operator killed.
* `hotel`: the namespace that all of that is in.
* `scenario`: all of it in order; `figures`: what was found, and whether it holds.
"""

from .figures import FULL_MINUTES, Figures
from .scenario import Scenario

__all__ = ["FULL_MINUTES", "Figures", "Scenario"]
