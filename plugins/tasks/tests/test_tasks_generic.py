"""What every plugin must do, asked of tasks."""

from kumiko_testing.generic import PluginTests


class TestTasks(PluginTests):
    plugin = "tasks"
