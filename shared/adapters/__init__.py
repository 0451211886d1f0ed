"""The outside world, translated: SDKs in, domain words out."""
