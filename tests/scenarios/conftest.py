"""Fixtures of scenarios: `zoo` makes packages look installed."""

from kumiko_testing.zoo import zoo

__all__ = ["zoo"]
