"""When to act, and on what: the table of sessions, the wake-ups, the lanes. No I/O of its own; the clock is injected.

Work is looked for on a coarse tick: all that is due before the next one is done together, early, because a request costs three times as
much when it comes alone.
"""
