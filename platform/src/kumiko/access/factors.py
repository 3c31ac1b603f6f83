"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for the day it is lost.

The secret is sealed at rest; a code opens once, because the step it belongs to is written down by a statement that only
one request can win; guesses are counted like those of passwords.
"""

from __future__ import annotations

import secrets
from base64 import b32decode, b32encode
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from urllib.parse import quote

import segno
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import bindparam, delete, func, insert, select, update

from kumiko.access import audit, throttle
from kumiko.access.models import Credential, RecoveryCode, SecondFactor, User, table
from kumiko.access.principals import digest
from kumiko.host import settings
from kumiko.host.columns import utc_now
from kumiko.host.context import principal, transaction
from kumiko.host.errors import Conflict, Forbidden, Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.secrets import seal, unseal

STEP_S, DIGITS = 30, 6
DRIFT_STEPS = 1  # a clock may be half a minute wrong
RECOVERY_CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that are mistaken for another
_factor, _code, _user, _credential = table(SecondFactor), table(RecoveryCode), table(User), table(Credential)


@dataclass(frozen=True, kw_only=True)
class FactorState:
    """Whether a user has a second factor, since when, and how many recovery codes are left."""

    since: datetime | None = None
    codes_left: int = 0
    has_password: bool = False

    @property
    def is_on(self) -> bool:
        return self.since is not None


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """What somebody copies into an authenticator: `uri` (otpauth), the same as a picture, and the key for typing."""

    uri: str
    picture: str  # data:image/svg+xml
    key: str


def state_of(user_id: int) -> FactorState:
    """The second factor of a user, as the user and administrators see it."""
    query = select(
        select(_factor.c.confirmed_at).where(_factor.c.user_id == bindparam("user_id")).scalar_subquery(),
        select(func.count())
        .select_from(_code)
        .where(_code.c.user_id == bindparam("user_id"), _code.c.used_at.is_(None))
        .scalar_subquery(),
        select(_credential.c.user_id).where(_credential.c.user_id == bindparam("user_id")).scalar_subquery(),
    )
    since, left, with_password = trusted(query, {"user_id": user_id}).one()
    codes_left = int(left) if since is not None else 0
    return FactorState(since=since, codes_left=codes_left, has_password=with_password is not None)


def is_on(user_id: int) -> bool:
    """Whether a user's sign-in asks for a code."""
    query = select(_factor.c.user_id).where(_factor.c.user_id == bindparam("id"), _factor.c.confirmed_at.is_not(None))
    return trusted(query, {"id": user_id}).first() is not None


def begin(user_id: int, email: str) -> Enrolment:
    """What the person's app needs; Conflict while a second factor is on. The same until it is confirmed."""
    kept = trusted(
        select(_factor.c.secret, _factor.c.confirmed_at).where(_factor.c.user_id == bindparam("id")), {"id": user_id}
    ).first()
    if kept is not None and kept.confirmed_at is not None:
        raise Conflict(_("A second factor is on already; switch it off first to use another device."))
    if kept is not None:
        return _enrolment(unseal(kept.secret), email)
    made = b32encode(secrets.token_bytes(20)).decode("ascii")
    with transaction():
        row = {"user_id": user_id, "secret": seal(made), "last_step": 0, "made_at": utc_now(), "confirmed_at": None}
        trusted(insert(_factor).values(row))
    return _enrolment(made, email)


def confirm(user_id: int, code: str) -> list[str]:
    """Switch the second factor on with a first code; returns the recovery codes, the only copy. Invalid if wrong."""
    throttle.count_attempt(account_of(user_id), "")
    with transaction():
        _take(user_id, code, confirmed=False)
        trusted(update(_factor).where(_factor.c.user_id == user_id).values(confirmed_at=utc_now()))
        made = _new_codes(user_id)
        audit.note("second_factor.on", principal().name, user_id=user_id)
    throttle.forgive(account_of(user_id), "")
    return made


def check(user_id: int, code: str) -> str:
    """Accept a code at sign-in; says whether it was a "code" or a "recovery code". Invalid when wrong or used before,
    TooMany after too many guesses."""
    throttle.count_attempt(account_of(user_id), "")
    folded = "".join(code.split()).lower()
    if folded.isdigit():
        with transaction():
            _take(user_id, folded, confirmed=True)
        used = "code"
    else:
        _use_recovery_code(user_id, folded)
        used = "recovery code"
    throttle.forgive(account_of(user_id), "")
    return used


def new_codes(user_id: int) -> list[str]:
    """Fresh recovery codes; the old ones stop working. Conflict while there is no second factor."""
    with transaction():
        if not is_on(user_id):
            raise Conflict(_("Recovery codes belong to a second factor; set one up first."))
        made = _new_codes(user_id)
        audit.note("second_factor.codes", principal().name, user_id=user_id)
    return made


def switch_off(user_id: int, code: str) -> None:
    """Switch one's own second factor off, with a code of it."""
    check(user_id, code)
    with transaction():
        _forget(user_id)
        audit.note("second_factor.off", principal().name, user_id=user_id)


def reset(user_id: int) -> None:
    """Take somebody's second factor away, for a person who has lost everything. Needs the permission users.edit, for
    administrators an administrator."""
    person = principal()
    row = trusted(
        select(_user.c.name, _user.c.roles).where(_user.c.id == bindparam("id"), _user.c.deleted_at.is_(None)),
        {"id": user_id},
    ).first()
    if not person.may("users.edit") or person.read_only:
        raise Forbidden(_("Your role does not allow you to reset the second factor of others."))
    if row is None:
        raise NotFound(_("There is no such user."))
    if "administrator" in (row.roles or ()) and not person.is_administrator:
        raise Forbidden(_("Only an administrator can do that to an administrator."))
    if user_id == person.user_id:
        raise Forbidden(_("Switch your own second factor off in your profile, with a code."))
    with transaction():
        _forget(user_id)
        audit.note("second_factor.reset", str(row.name), user_id=user_id)


def users_with_factor() -> frozenset[int]:
    """Ids of the users whose sign-in asks for a code, for the list of users."""
    return frozenset(trusted(select(_factor.c.user_id).where(_factor.c.confirmed_at.is_not(None))).scalars())


def _take(user_id: int, code: str, *, confirmed: bool) -> None:
    row = trusted(
        select(_factor.c.secret, _factor.c.last_step, _factor.c.confirmed_at).where(
            _factor.c.user_id == bindparam("id")
        ),
        {"id": user_id},
    ).first()
    if row is None or (row.confirmed_at is not None) is not confirmed:
        raise Conflict(_("This step is over; begin again."))
    step = _step_of(unseal(row.secret), code)
    if step is not None:
        won = trusted(
            update(_factor).where(_factor.c.user_id == user_id, _factor.c.last_step < step).values(last_step=step)
        )
        if won.rowcount == 1:
            return
        sentence = _("This code was used already; wait for the next one, half a minute at most.")
        raise Invalid(sentence, {"code": [sentence]})
    sentence = _("This code is not right. Type the six digits that your app shows now; its clock must be right.")
    raise Invalid(sentence, {"code": [sentence]})


def _step_of(secret: str, code: str) -> int | None:
    """The step that a code belongs to, near enough to now; None when it is wrong."""
    folded = "".join(code.split())
    if len(folded) != DIGITS or not (folded.isascii() and folded.isdigit()):
        return None
    now = int(utc_now().timestamp()) // STEP_S
    maker = _maker(secret)
    found = None
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):  # all of them: the time taken tells nothing
        if compare_digest(maker.generate(step * STEP_S).decode("ascii"), folded):
            found = step
    return found


def _maker(secret: str) -> TOTP:
    return TOTP(b32decode(secret), DIGITS, SHA1(), STEP_S)  # noqa: S303 - what every authenticator app speaks


def _use_recovery_code(user_id: int, folded: str) -> None:
    plain = folded.replace("-", "")
    with transaction():
        won = trusted(
            update(_code)
            .where(_code.c.code_hash == digest(f"{user_id}:{plain}"), _code.c.used_at.is_(None))
            .values(used_at=utc_now())
        )
        if won.rowcount != 1:
            sentence = _("This is neither the code that your app shows now nor an unused recovery code.")
            raise Invalid(sentence, {"code": [sentence]})
        audit.note("second_factor.recovered", user_id=user_id)


def _new_codes(user_id: int) -> list[str]:
    made = ["".join(secrets.choice(_LETTERS) for _number in range(12)) for _place in range(RECOVERY_CODES)]
    trusted(delete(_code).where(_code.c.user_id == user_id))
    rows = [{"code_hash": digest(f"{user_id}:{one}"), "user_id": user_id, "used_at": None} for one in made]
    trusted(insert(_code), rows)
    return [f"{one[:4]}-{one[4:8]}-{one[8:]}" for one in made]


def _forget(user_id: int) -> None:
    trusted(delete(_code).where(_code.c.user_id == user_id))
    trusted(delete(_factor).where(_factor.c.user_id == user_id))


def _enrolment(secret: str, email: str) -> Enrolment:
    company = str(settings.get("host.company") or "Kumiko")
    uri = (
        f"otpauth://totp/{quote(company, safe='')}:{quote(email, safe='@')}?secret={secret}"
        f"&issuer={quote(company, safe='')}"
    )
    picture = segno.make(uri, error="m", micro=False).svg_data_uri(scale=4, border=4, dark="#000", light="#fff")
    return Enrolment(uri=uri, picture=picture, key=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)))


def account_of(user_id: int) -> str:
    """Under which name wrong codes of a user are counted."""
    return f"second-factor:{user_id}"
