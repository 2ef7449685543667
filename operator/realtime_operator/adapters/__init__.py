"""Everything that leaves the process, one file for each counterpart; fulfils the protocols of ``ports``."""
