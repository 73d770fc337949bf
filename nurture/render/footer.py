"""Who writes, why, and how to leave: the footer of a mail and the headers that say the same to mail programs."""

from urllib.parse import quote

from nurture.links import Links
from nurture.model.decision import Intent
from nurture.model.mail import Woven
from nurture.model.rules import Rules, Sender
from nurture.model.values import dataclass
from nurture.render.addresses import domain_of, house_address
from nurture.render.values import Isolated, clean

SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Leaving:
    """Where the reader leaves the mail's topic; empty for service, which cannot be left.

    `preferences` is the page of all their choices; empty for service, which is often shown to others, and without a
    web address.
    """

    url: str = ""
    one_click: bool = False
    preferences: str = ""


@dataclass(frozen=True, slots=True)
class Footer:
    """What stands under every mail, in the mail's locale."""

    sender: Sender
    postal_address: str
    why: str
    reply: str
    unsubscribe: str
    preferences: str
    leaving: Leaving

    @property
    def answers_to(self) -> str:
        """The address that answers go to."""
        return house_address(self.sender.reply_to or self.sender.address)

    def fields(self, isolated: bool) -> dict[str, str]:
        """The footer's part of what the frame is given; `isolated` keeps name and address apart from their line."""
        apart = Isolated if isolated else str
        return {
            "sender_name": apart(self.sender.name),
            "postal_address": apart(self.postal_address),
            "why": self.why,
            "reply": self.reply,
            "unsubscribe": self.unsubscribe,
            "unsubscribe_url": self.leaving.url,
            "preferences": self.preferences,
            "preferences_url": self.leaving.preferences,
        }

    def woven(self, isolated: bool) -> Woven:
        """The footer of the text part; `isolated` keeps name and address apart from a right-to-left line."""
        name, address = self.sender.name, self.postal_address
        if isolated:
            name, address = str(Isolated(name)), str(Isolated(address))
        above, below = f"\n* * *\n{self.reply}\n{self.why}\n", f"{name} · {address}\n"
        if not self.leaving.url:
            return Woven((above + below,), ())
        leave = f"{above}{self.unsubscribe}: "
        if not self.leaving.preferences:
            return Woven((leave, f"\n{below}"), (self.leaving.url,))
        ways = (self.leaving.url, self.leaving.preferences)
        return Woven((leave, f"\n{self.preferences}: ", f"\n{below}"), ways)


def sender_of(rules: Rules, intent: Intent) -> Sender:
    """Who speaks: the first of `senders` for this class or topic, else the house's own."""
    for _name, sender, speaks_for in rules.senders:
        if intent.class_ in speaks_for or intent.topic in speaks_for:
            return sender
    return rules.sender


def leaving(intent: Intent, links: Links | None, sender: Sender) -> Leaving:
    """A signed address where one click is enough; without a web address, a letter to the sender."""
    if intent.class_ == SERVICE:
        return Leaving()
    if links is not None:
        url = links.unsubscribe(intent.person, intent.topic, intent.key)
        return Leaving(url, one_click=True, preferences=links.preferences(intent.person, intent.key))
    answers_to = house_address(sender.reply_to or sender.address)
    return Leaving(f"mailto:{quote(answers_to, safe='@')}?subject={quote(f'unsubscribe {intent.topic}')}")


class Headers:
    """Message-ID from the send key (language.md 6.11), and for all but service RFC 2919, 2369 and 8058.

    Made once for mails that have all in common but their keys and addresses.
    """

    def __init__(self, rules: Rules, intent: Intent, footer: Footer) -> None:
        self.domain = domain_of(footer.sender.address)
        self.list_id = ("List-Id", f"<{intent.topic}.{rules.project}.{self.domain}>")
        self.below = (ONE_CLICK,) if footer.leaving.one_click else ()

    def of(self, key: str, leave: str) -> tuple[tuple[str, str], ...]:
        """The headers of one mail, that is left at an address (empty: it cannot be left)."""
        named = ("Message-ID", f"<{clean(key)}@{self.domain}>")
        return (named, self.list_id, ("List-Unsubscribe", f"<{leave}>"), *self.below) if leave else (named,)


ONE_CLICK = ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
