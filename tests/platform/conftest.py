"""Fixtures for tests of the host: `zoo` makes tiny plugins, `bare` is a host without any."""

from kumiko_testing.zoo import bare, zoo

__all__ = ["bare", "zoo"]
