"""Pipelines, stages and the board: a module of Kumiko."""
