"""A whole month on this machine: drawn, traded on paper, settled, billed, reported and paid."""
