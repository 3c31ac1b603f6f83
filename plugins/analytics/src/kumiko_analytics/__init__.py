"""Figures, dashboards and reports; see plugin.py for what it declares."""
