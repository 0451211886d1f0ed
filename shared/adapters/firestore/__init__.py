"""Firestore: a pure codec, two thin document stores, and one repository per noun."""
