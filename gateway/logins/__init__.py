"""Logins: connected, guarded by a gate and a pace, and asked for quotes."""
