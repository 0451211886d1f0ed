"""One login at Interactive Brokers: its library, its events and its numbers, in our words."""
