"""What every plugin must do, asked of integrations."""

from kumiko_testing.generic import PluginTests


class TestIntegrations(PluginTests):
    plugin = "integrations"
