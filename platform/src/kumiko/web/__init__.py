"""Screens: shell, generic record pages, start page and administration, drawn on the server."""
