"""Processes that run by themselves: a module of Kumiko."""
