"""The decisions, pure: no clock, no randomness, no I/O, no framework.

Time is an argument, in seconds since the Unix epoch. Jitter is derived from the object, never drawn.
The same inputs always give the same answer. Tokens pass through, and never print themselves.
"""
