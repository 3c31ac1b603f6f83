"""What every plugin must do, asked of deals."""

from kumiko_testing.generic import PluginTests


class TestDeals(PluginTests):
    plugin = "deals"
