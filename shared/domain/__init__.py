"""Pure nouns of the trade: no I/O, no SDK, no clock."""
