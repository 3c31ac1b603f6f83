"""A plugin for tests that extends the sample plugin's things: phase, rank, kind, aside; and a subscriber that notes.

The sample plugin has no contract, so no plain names are reserved there: all fields bear the plugin's name.
"""
