"""Mailboxes, forms, chat, messengers and web hooks: a module of Kumiko."""
