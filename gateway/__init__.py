"""The always-on gateway: the one process that speaks to the broker."""
