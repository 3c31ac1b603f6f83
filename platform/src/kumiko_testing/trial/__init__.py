"""The trial of a plugin: a scratch installation on which it is migrated, switched on, filled, asked and taken away.

`python -m kumiko_testing.trial NAME --report FILE` is what `kumiko plugin check` and switching on start. The same parts
are the tests of `kumiko_testing.generic`, one each.
"""
