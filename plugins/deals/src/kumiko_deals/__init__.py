"""Deals and interactions: a module of Kumiko."""
