"""What every plugin must do, asked of sales."""

from kumiko_testing.generic import PluginTests


class TestSales(PluginTests):
    plugin = "sales"
