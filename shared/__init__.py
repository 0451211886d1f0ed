"""Everything the runtimes share: domain, ports, use cases and adapters."""
