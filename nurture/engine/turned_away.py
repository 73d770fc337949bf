"""What a server says of an address while it refuses a mail: kept as news of that mail, as an event would be.

A provider with events tells these things later; by SMTP the answer itself is the only word there ever is.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from nurture.engine.workshop import Workshop
from nurture.model.decision import Intent
from nurture.model.happening import Bounce, Happened, Happening
from nurture.model.mail import Handover


def keep_bounces(shop: Workshop, intents: Sequence[Intent], answers: Iterable[Handover], now: datetime) -> None:
    """Record what these answers say of addresses, and of us."""
    told = list(bounces(shop.provider.name, intents, answers, now))
    if told:
        shop.store.happenings.take(told, now)


def bounces(
    provider: str, intents: Sequence[Intent], answers: Iterable[Handover], now: datetime
) -> Iterator[Happening]:
    """A mailbox that is gone is the end of its mail; a refusal of us is counted, and the mail stands as it was told."""
    addresses = {intent.key: intent.address for intent in intents}
    for one in answers:
        if one.bounce is None or one.key not in addresses:
            continue
        id_ = f"{provider}:{one.key}:{now.isoformat()}"
        if one.bounce is Bounce.refused_us:
            yield Happening(
                id_, Happened.blocked, now, provider, address=addresses[one.key], bounce=one.bounce, detail=one.detail
            )
        else:
            yield Happening(
                id_, Happened.bounced, now, provider, one.key, addresses[one.key], bounce=one.bounce, detail=one.detail
            )
