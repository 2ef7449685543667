"""The guided demo, and the stand-in provider that demo, tests and benchmark share."""
