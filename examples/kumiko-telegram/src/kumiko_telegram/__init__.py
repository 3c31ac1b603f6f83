"""Telegram: a connector for Kumiko."""
