"""What every plugin must do, asked of processes."""

from kumiko_testing.generic import PluginTests


class TestProcesses(PluginTests):
    plugin = "processes"
