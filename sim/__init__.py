"""Plays days of the operator's life in minutes: ``python -m sim --seeds 20 --sessions 1000 --hours 24 --lifetime 600``.

The product's own engine, reconciler and core, joined by its own assembly, live in virtual time among models: an API server, a
watch, a provider with a clock and a ledger of its own, and people who change sessions. A seed says which faults come and when. The
observer's account, told of every version at the moment it is stored, judges: outside of the stretches in which nobody could have kept
the promise there must be no expired and no missing second, no mint that was not due, and no mint that came to nothing unless a fault
explains it. The same seed tells the same story.
"""
