"""The module's own addresses."""

from __future__ import annotations

from kumiko_integrations import (
    connection_pages,
    form_pages,
    public_chat,
    public_forms,
    public_hooks,
    template_pages,
    try_page,
    webhook_pages,
)

blueprints = [
    connection_pages.blueprint,
    form_pages.blueprint,
    public_chat.blueprint,
    public_forms.blueprint,
    public_hooks.blueprint,
    template_pages.blueprint,
    try_page.blueprint,
    webhook_pages.blueprint,
]
