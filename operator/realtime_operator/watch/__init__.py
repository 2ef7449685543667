"""Hears the API server through kopf; the only importer of kopf.

kopf watches, and nothing more: one event handler a kind, nothing persisted on objects, no timers, daemons, indexes, finalizers, peering.
It runs in a thread with a loop of its own, because on its end it cancels every task of its loop that is younger than itself.
"""
