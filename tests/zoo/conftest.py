"""Fixtures of the zoo: `zoo` makes plugins that misbehave, `bare` is a host to put them into."""

from kumiko_testing.zoo import bare, zoo

__all__ = ["bare", "zoo"]
