"""Texts with placeholders for mails, documents and process steps: a library beside the core plugins.

A text reads values and nothing else: it reaches no attribute of Python, calls no function and is stopped before it
costs memory or more than about a second.
"""

from kumiko.texts.checking import check_text, text_names
from kumiko.texts.rendering import RenderedText, render_text
from kumiko.texts.values import record_values

__all__ = ["RenderedText", "check_text", "record_values", "render_text", "text_names"]
