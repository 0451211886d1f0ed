"""Outcomes in question: read from the broker's books, sent again, replaced, or given back."""
