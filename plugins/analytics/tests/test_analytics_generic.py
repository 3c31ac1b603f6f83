"""What every plugin must do, asked of analytics."""

from kumiko_testing.generic import PluginTests


class TestAnalytics(PluginTests):
    plugin = "analytics"
