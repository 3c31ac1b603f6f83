"""What other modules ask of inquiries and conversations (the contract inquiries/1)."""

from __future__ import annotations

from kumiko_contracts.inquiries import Incoming, Received
from kumiko_deals import answering, receiving


class InquiriesService:
    """Provides inquiries/1; see `kumiko_contracts.inquiries.Inquiries`."""

    def receive(self, incoming: Incoming) -> Received:
        return receiving.receive(incoming)

    def write_message(
        self,
        about: tuple[str, int],
        *,
        channel: str,
        to: tuple[str, ...],
        subject: str,
        text: str,
        html: str = "",
        cc: tuple[str, ...] = (),
        attachment_ids: tuple[int, ...] = (),
        automatic: bool = False,
        key: str = "",
    ) -> int:
        return answering.write_message(
            about, channel=channel, to=to, subject=subject, text=text, html=html, cc=cc,
            attachment_ids=attachment_ids, automatic=automatic, key=key,
        )  # fmt: skip

    def addresses(self, about: tuple[str, int], channel: str) -> tuple[str, ...]:
        return answering.addresses(about, channel)
