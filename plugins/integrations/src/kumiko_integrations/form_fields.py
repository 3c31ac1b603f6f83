"""What a question of a form can be about, and in which languages a form can speak."""

from __future__ import annotations

from kumiko import Choice
from kumiko import lazy_gettext as _l

NAME, EMAIL, PHONE, COMPANY, SUBJECT, MESSAGE = "name", "email", "phone", "organization", "subject", "message"
OTHER, CHOICE = "other", "choice"
MEANINGS = (
    Choice(key=NAME, label=_l("Name")),
    Choice(key=EMAIL, label=_l("E-mail")),
    Choice(key=PHONE, label=_l("Phone")),
    Choice(key=COMPANY, label=_l("Company")),
    Choice(key=SUBJECT, label=_l("Subject")),
    Choice(key=MESSAGE, label=_l("Message")),
    Choice(key=CHOICE, label=_l("One of several answers")),
    Choice(key=OTHER, label=_l("Something else")),
)
LANGUAGES = (Choice(key="en", label="English"), Choice(key="de", label="Deutsch"))
