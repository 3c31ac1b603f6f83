"""Settings of the sign-in provider (OpenID Connect): what is stored, and checking what an administrator typed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from kumiko.access.principals import digest
from kumiko.host import settings
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.outgoing import check_url
from kumiko.secrets import seal, unseal

KEY, TRIAL_KEY = "access.provider", "access.provider_trial"
MOST_GROUPS = 100


@dataclass(frozen=True, kw_only=True)
class Provider:
    """The sign-in provider of the company. `secret` is sealed; `groups`: name of a group -> key of a role."""

    is_on: bool = False
    title: str = ""
    issuer: str = ""
    client_id: str = ""
    secret: str = ""
    create: bool = False
    role: str = ""
    group_claim: str = "groups"
    groups: Mapping[str, str] | None = None
    allow_private: bool = False
    two_factors: bool = False  # the administrator answers for it that the provider checks a second factor each time

    @property
    def is_complete(self) -> bool:
        return bool(self.issuer and self.client_id)

    @property
    def mark(self) -> str:
        """Of the settings that a trial has tried; a trial of others says nothing about these."""
        parts = (self.issuer, self.client_id, self.secret, self.group_claim, str(self.allow_private))
        return digest("\n".join(parts))

    def client_secret(self) -> str:
        return unseal(self.secret)


def read_provider() -> Provider:
    """The stored settings; an empty provider when none was set up."""
    kept = settings.get(KEY)
    names = Provider.__dataclass_fields__
    return Provider(**{key: value for key, value in (kept or {}).items() if key in names})


def trial_of(provider: Provider) -> Mapping[str, Any] | None:
    """What the last trial of these very settings gave: {"ok", "said", "at", "email", ...}; None when there was none."""
    kept = settings.get(TRIAL_KEY)
    return kept if isinstance(kept, Mapping) and kept.get("mark") == provider.mark else None


def checked(sent: Mapping[str, str], roles: Collection[str]) -> dict[str, Any]:
    """Settings to store; Invalid with sentences per field. `roles`: keys that exist.

    An empty secret keeps the stored one as long as issuer and client stay the same: nobody learns it by pointing it
    at a server of their own. Whatever was changed must be tried again before people may sign in with it.
    """
    kept = read_provider()
    issuer, client_id = sent.get("issuer", "").strip().rstrip("/"), sent.get("client_id", "").strip()
    allow_private = sent.get("allow_private") == "true"
    errors: dict[str, list[str]] = {}
    wrong = check_url(issuer, allow_private=allow_private) if issuer else _("Needed: the address of the provider.")
    if wrong or len(issuer) > 300:
        errors["issuer"] = [wrong or _("at most %(most)d characters fit here, found %(found)d", most=300,
                                       found=len(issuer))]  # fmt: skip
    if not client_id or len(client_id) > 300:
        errors["client_id"] = [_("Needed: the name under which the provider knows Kumiko.")]
    secret = sent.get("client_secret", "").strip()
    sealed = (
        seal(secret[:500]) if secret else (kept.secret if (issuer, client_id) == (kept.issuer, kept.client_id) else "")
    )
    create, role = sent.get("create") == "true", sent.get("role", "")
    if role and role not in roles:
        errors["role"] = [_("There is no role %(key)s; choose from the list.", key=role[:40])]
    if create and not role:
        errors["role"] = [_("Choose the role that new people get.")]
    groups = _groups(sent.get("groups", ""), roles, errors)
    claim = sent.get("group_claim", "").strip() or "groups"
    if not re.fullmatch(r"[A-Za-z0-9_.:/-]{1,100}", claim):
        errors["group_claim"] = [_("wanted the name of a claim, such as groups")]
    if errors:
        raise Invalid(_("Some values are not accepted."), errors)
    made = Provider(
        title=" ".join(sent.get("title", "").split())[:60], issuer=issuer, client_id=client_id, secret=sealed,
        create=create, role=role, group_claim=claim, groups=groups, allow_private=allow_private,
        two_factors=sent.get("two_factors") == "true",
    )  # fmt: skip
    is_on = kept.is_on and kept.mark == made.mark
    return {KEY: {**{name: getattr(made, name) for name in Provider.__dataclass_fields__}, "is_on": is_on}}


def switched(on: bool) -> dict[str, Any]:
    """Settings to store to switch the provider on or off; Invalid to switch on what was never tried."""
    kept = read_provider()
    trial = trial_of(kept)
    if on and (trial is None or not trial.get("ok")):
        raise Invalid(_("Try it first: people are sent there only after it let you in once."))
    return {KEY: {**{name: getattr(kept, name) for name in Provider.__dataclass_fields__}, "is_on": on}}


def _groups(text: str, roles: Collection[str], errors: dict[str, list[str]]) -> dict[str, str]:
    """A line per group: "Group name = role"."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        name, sign, role = (part.strip() for part in line.rpartition("="))
        if not sign or not name or role not in roles:
            known = ", ".join(sorted(roles))
            errors["groups"] = [_("%(line)r is not understood; wanted a line such as “Sales = seller”. Roles: "
                                  "%(known)s",
                                  line=line.strip()[:80], known=known)]  # fmt: skip
            return {}
        found[name[:200]] = role
    if len(found) > MOST_GROUPS:
        errors["groups"] = [_("at most %(most)d groups", most=MOST_GROUPS)]
    return found
