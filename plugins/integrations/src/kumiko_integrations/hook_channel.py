"""The channel of incoming web hooks: programs post JSON to an address, signed; a mapping says what is what."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping
from typing import Any

from kumiko import Channel, Field, Invalid, NotSignedIn, RawItem, utc_now
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_contracts.inquiries import Incoming, Origin, Sender

KEY = "integrations.webhook"
SIGNATURE, TIMESTAMP = "x-kumiko-signature", "x-kumiko-timestamp"
WINDOW_S = 300
#: What a mapping can fill, in the order that the help names them.
TARGETS = (
    "name", "email", "phone", "organization", "subject", "text", "source", "medium", "campaign", "landing_page",
    "language", "external_id",
)  # fmt: skip
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a body sent at a moment (seconds since 1970, as text)."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def hook(account: Any, headers: Mapping[str, str], body: bytes) -> list[RawItem]:
    """Check a call; NotSignedIn with a sentence for a wrong signature or an old moment."""
    secret = account.secrets.get("secret", "")
    signature = headers.get(SIGNATURE, "")
    if secret:
        timestamp = headers.get(TIMESTAMP, "")
        if not timestamp.isdecimal() or len(timestamp) > 12 or abs(time.time() - int(timestamp)) > WINDOW_S:
            raise NotSignedIn(
                _("wanted %(header)s with the present moment in seconds since 1970, found %(found)s",
                  header="X-Kumiko-Timestamp", found=timestamp[:40] or _("nothing"))
            )  # fmt: skip
        if not hmac.compare_digest(signature.encode(), sign(secret, timestamp, body).encode()):
            raise NotSignedIn(
                _("The signature is wrong: wanted sha256= and the HMAC-SHA256 of timestamp, a dot and the body.")
            )
    elif account.settings.get("unsigned") is not True:
        raise NotSignedIn(_("This address takes signed calls, and no secret is set for it yet."))
    try:
        given = json.loads(body)
    except ValueError:
        given = None  # kept all the same: the list of failures shows it with its text
    named = _at(given, _paths(account).get("external_id", "external_id"))
    name = str(named) if named not in (None, "") else ""
    name = f"id:{name}" if name else (signature or f"sha256:{hashlib.sha256(body).hexdigest()}")
    return [RawItem(external_id=name[:500], body=body, received_at=utc_now(), meta={"media_type": "application/json"})]


def read(account: Any, item: RawItem) -> Incoming:
    """The message that a call brings; Invalid when it is no JSON or says nothing."""
    try:
        given = json.loads(item.body)
    except ValueError as fault:
        raise Invalid(_("wanted JSON, found something else: %(why)s", why=str(fault)[:200])) from None
    found = mapped(account, given)
    if not any(found.get(name) for name in ("name", "email", "phone", "text", "subject")):
        raise Invalid(
            _("The mapping finds neither a name, an address nor a text in it; look at the fields of the connection.")
        )
    return Incoming(
        channel="api",
        account=account.key,
        external_id=item.external_id,
        received_at=item.received_at,
        sender=Sender(
            name=found.get("name", ""), email=found.get("email", ""), phone=found.get("phone", ""),
            organization=found.get("organization", ""),
        ),
        subject=found.get("subject", ""),
        text=found.get("text", ""),
        language=found.get("language", "")[:10],
        origin=Origin(
            source=found.get("source", ""), medium=found.get("medium", ""), campaign=found.get("campaign", ""),
            landing_page=found.get("landing_page", ""),
        ),
        raw=given if isinstance(given, Mapping) else {"body": given},
    )  # fmt: skip


def mapped(account: Any, given: Any) -> dict[str, str]:
    """Our field -> its text in what came, as the mapping says."""
    found = {}
    for name, path in _paths(account).items():
        value = _at(given, path)
        if value in (None, "", [], {}):
            continue
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        found[name] = text.replace("\x00", "")[: 20_000 if name == "text" else 500]
    return found


def _paths(account: Any) -> dict[str, str]:
    """Lines such as `email = customer.emails[0]`; what no line names is looked for under its own name."""
    found = {name: name for name in TARGETS}
    for line in str(account.settings.get("mapping") or "").splitlines():
        name, sign_, path = line.partition("=")
        if sign_ and name.strip() in TARGETS:
            found[name.strip()] = path.strip()
    return found


def check_mapping(text: str) -> str:
    """What is wrong with a mapping, as a sentence; "" when nothing is."""
    for number, line in enumerate(text.splitlines(), 1):
        name, sign_, path = line.partition("=")
        if line.strip() and (not sign_ or name.strip() not in TARGETS or not path.strip()):
            return str(_("Line %(line)d: wanted a field and its path, such as email = customer.email; the fields are "
                         "%(known)s.", line=number, known=", ".join(TARGETS)))  # fmt: skip
    return ""


def _at(given: Any, path: str) -> Any:
    for word, number in _STEP.findall(path.removeprefix("$.").removeprefix("$")):
        if number:
            given = given[int(number)] if isinstance(given, list) and int(number) < len(given) else None
        else:
            given = given.get(word) if isinstance(given, Mapping) else None
        if given is None:
            return None
    return given


def check(account: Any) -> str:
    """What is wrong with the account, as a sentence."""
    if not account.secrets.get("secret") and account.settings.get("unsigned") is not True:
        return str(_("No secret is set, so nothing is taken. Enter one, and give it to the program that calls."))
    return check_mapping(str(account.settings.get("mapping") or ""))


def channel() -> Channel:
    """The declaration."""
    return Channel(
        key=KEY, label=_l("Incoming web hook"), kind="api", icon="webhook", read=read, hook=hook, check=check,
        settings=(
            Field(name="mapping", kind="longtext", label=_l("What is what"),
                  help=_l("One line per field: email = customer.emails[0]. Fields: name, email, phone, organization, "
                          "subject, text, source, medium, campaign, landing_page, language, external_id. What no line "
                          "names is looked for under its own name.")),
            Field(name="unsigned", kind="boolean", label=_l("Take calls without a signature"), default=False,
                  help=_l("For programs that cannot sign: whoever knows the address may then send.")),
        ),
        secrets=(Field(name="secret", kind="text", label=_l("Secret for signatures")),),
    )  # fmt: skip
