"""Closings: whoever wants a position closed, and the one engine that does it."""
