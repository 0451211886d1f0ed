"""Openings: claimed, checked, released and walked up their ladders."""
