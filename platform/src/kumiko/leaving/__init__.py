"""Somebody leaves: what they own goes to successors, in one group that can be undone."""
