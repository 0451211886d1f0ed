"""Protocols, one file per question asked of the outside world."""
