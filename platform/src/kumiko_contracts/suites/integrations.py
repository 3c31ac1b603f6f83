"""Every provider of integrations/1 does this."""

from __future__ import annotations

from kumiko_contracts.integrations import VERSION, Outgoing
from kumiko_contracts.suites import Lab, same

_NOWHERE = "no such channel"


def what_cannot_be_sent_is_refused_with_a_sentence(lab: Lab) -> None:
    """Without an account for a channel nothing can be sent by it, and trying is refused with a sentence."""
    service = lab.service(VERSION)
    same(service.can_send(_NOWHERE), False, "whether a channel without an account can send")
    outgoing = Outgoing(channel=_NOWHERE, to=("ann@customer.example",), text="Hello")
    said = lab.refusal(lambda: service.send(outgoing, key="suite:1"))
    same(bool(said), True, "whether sending by it is refused with a sentence")


def a_refused_message_leaves_nothing(lab: Lab) -> None:
    """A message that was refused is not queued: nothing is known of its key, and no fact is stated."""
    service = lab.service(VERSION)
    lab.facts()
    outgoing = Outgoing(channel=_NOWHERE, to=("ann@customer.example",), text="Hello")
    lab.refusal(lambda: service.send(outgoing, key="suite:2"))
    same(service.find_sent("suite:2"), None, "what is known of the key")
    same(lab.facts(), [], "the facts stated")


CHECKS = (what_cannot_be_sent_is_refused_with_a_sentence, a_refused_message_leaves_nothing)
