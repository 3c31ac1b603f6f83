"""Sample data: a form, a chat and a few templates. No mailbox and no web hook, so nothing is sent anywhere."""

from __future__ import annotations

from kumiko import create, unit
from kumiko import gettext as _
from kumiko_integrations.models import CHAT, CONNECTION, FORM, TEMPLATE


def make() -> None:
    """Make them, inside the caller's unit."""
    with unit():
        create(FORM, {
            "name": _("Contact"), "source": _("Website"), "tags": ["sample"],
            "intro": _("Tell us what you need; we answer within a working day."),
            "consent": _("I agree that my answers are stored to handle my inquiry."),
        })  # fmt: skip
        create(CONNECTION, {
            "name": _("Chat on the web site"), "channel": CHAT, "tags": ["sample"],
            "settings": {
                "greeting": _("Hello! What would you like to know?"),
                "answers": "\n\n".join((
                    _("What does a machine cost?") + "\n" + _("From 4,000 EUR, with delivery and a day of training."),
                    _("How long does delivery take?") + "\n" + _("Six to eight weeks from the signed offer."),
                    _("Do you repair?") + "\n" + _("Yes, also machines of others, within three working days."),
                )),
            },
        })  # fmt: skip
        for name, about, subject, body in _templates():
            create(TEMPLATE, {
                "name": name, "about": about, "subject": subject, "body": body, "channel": "mail", "tags": ["sample"],
            })  # fmt: skip


def _templates() -> list[tuple[str, str, str, str]]:
    """(name, what it is about, subject, text)."""
    dear = _("Dear {{ person.first_name }} {{ person.last_name }},")
    regards = _("Kind regards") + "\n{{ company.name }}"
    return [
        (
            _("Answer at once"), "inquiries.lead", _("Your inquiry"),
            _("Hello {{ name }},") + "\n\n"
            + _("thank you for your inquiry. Somebody calls you within 30 minutes of our working hours.")
            + f"\n\n{regards}",
        ),
        (
            _("Next steps"), "deals.deal", _("How we go on: {{ name }}"),
            f"{dear}\n\n" + _("our next step is: {{ next_step }} on {{ next_step_on }}.") + f"\n\n{regards}",
        ),
        (
            _("Reminder of the benefits"), "deals.deal", _("{{ name }}: what you save"),
            f"{dear}\n\n" + _("we talked about {{ name }} some days ago. May I answer any questions?")
            + f"\n\n{regards}",
        ),
    ]  # fmt: skip
