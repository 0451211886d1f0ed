"""Custody: what the accounts hold, compared with the books, explained and cleared up."""
