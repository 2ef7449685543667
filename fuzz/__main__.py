"""`make fuzz`: many examples, and one line of JSON last."""

from __future__ import annotations

import argparse
import json
import random
import sys
from typing import Final

from fuzz.campaign import campaign

EXAMPLES: Final = 200_000


def main() -> int:
    """Try, print what it came to, and give 0 only if all held."""
    it = argparse.ArgumentParser(prog="python -m fuzz", description="Tries hostile answers.")
    it.add_argument("--examples", type=int, default=EXAMPLES)
    it.add_argument("--seed", type=int, help="try the examples of an earlier run again")
    it.add_argument("--seconds", type=float, help="begin no further batch after so much CPU time")
    options = it.parse_args()
    start = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
    report = campaign(options.examples, start=start, within=options.seconds)
    if report.failure is not None:
        print(report.failure, file=sys.stderr)
    print(json.dumps(report.as_dict() | {"seed": start}), flush=True)
    return 1 if report.failure is not None else 0


if __name__ == "__main__":
    sys.exit(main())
