"""The operator as its users have it: its own image, installed by its own chart, and a pod that reads a rotated token from a file."""
