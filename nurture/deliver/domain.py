"""What a sender's domain says of itself in DNS: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489), for `doctor`.

"Could not ask" is an answer of its own: a machine without DNS says nothing about a domain.
"""

from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from typing import TYPE_CHECKING

from nurture.model.values import dataclass

if TYPE_CHECKING:
    from dns.resolver import Resolver

PATIENCE = 3.0  # seconds for one name, whatever the resolver tries
SENDGRID_SELECTORS = ("s1", "s2")  # SendGrid turns from one to the other when it renews the key
USUAL_SELECTORS = ("s1", "s2", "default", "dkim", "mail", "selector1", "selector2", "google", "k1", "k2")


class Told(Enum):
    """How it stands: as it should, worth a look, wrong, or not known since nobody answered."""

    right = "right"
    doubtful = "doubtful"
    wrong = "wrong"
    unasked = "could not ask"


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that a domain should say: what (`SPF`), how it stands, in words, and what to do about it."""

    what: str
    told: Told
    words: str
    cure: str = ""


class CouldNotAskError(Exception):
    """DNS gave no answer: no server, no network, a time-out. It says nothing about the name."""


Ask = Callable[[str], tuple[str, ...]]
"""The texts (TXT) under a name, through any CNAME; none when there are none. Raises CouldNotAskError."""


class Dns:
    """Asks DNS. Without servers the system's own are asked; `port` and `patience` (seconds) are for each question."""

    def __init__(self, servers: Sequence[str] = (), port: int = 53, patience: float = PATIENCE) -> None:
        self._servers = list(servers)
        self._port = port
        self._patience = patience
        self._resolver: Resolver | None = None

    def __call__(self, name: str) -> tuple[str, ...]:
        """The texts under a name."""
        from dns import exception, resolver

        try:
            if self._resolver is None:
                self._resolver = self._made()
            answer = self._resolver.resolve(name, "TXT", raise_on_no_answer=False, search=False)
        except resolver.NXDOMAIN:
            return ()
        except (exception.DNSException, OSError) as error:
            raise CouldNotAskError(f"{type(error).__name__} for {name}") from error
        return tuple(b"".join(record.strings).decode("utf-8", "replace") for record in answer.rrset or ())

    def _made(self) -> "Resolver":
        from dns.resolver import Resolver

        made = Resolver(configure=not self._servers)
        if self._servers:
            made.nameservers, made.port = self._servers, self._port
        made.lifetime = made.timeout = self._patience
        return made


def records(domain: str, sendgrid: bool, ask: Ask) -> Iterator[Record]:
    """What the domain of a From address says, one record after the other."""
    for what, question in (("SPF", spf), ("DKIM", dkim), ("DMARC", dmarc)):
        try:
            yield question(domain, sendgrid, ask)
        except CouldNotAskError as error:
            yield Record(what, Told.unasked, f"could not ask: {error}")


def spf(domain: str, sendgrid: bool, ask: Ask) -> Record:
    """Exactly one SPF record, which does not allow everybody."""
    found = [text for text in ask(domain) if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]
    include = "include:sendgrid.net" if sendgrid else "ip4:YOUR.SERVER.S.ADDRESS"
    cure = f'a TXT record at {domain}: "v=spf1 {include} ~all"'
    if not found:
        return Record("SPF", Told.doubtful, f"{domain} has no SPF record", cure)
    if len(found) > 1:
        words = f"{domain} has {len(found)} SPF records, which counts as none (RFC 7208, 4.5)"
        return Record("SPF", Told.wrong, words, "put all into one record")
    if {"+all", "all"} & set(found[0].lower().split()):
        words = f"the SPF record of {domain} lets anybody send in its name"
        return Record("SPF", Told.wrong, words, "end it with ~all or -all")
    return Record("SPF", Told.right, f"{domain} has one SPF record")


def dkim(domain: str, sendgrid: bool, ask: Ask) -> Record:
    """SendGrid's two keys; of other servers, whose selector nobody can ask for, one of the usual ones."""
    wanted = SENDGRID_SELECTORS if sendgrid else USUAL_SELECTORS
    keys = {selector: _key(ask(f"{selector}._domainkey.{domain}")) for selector in wanted}
    there = [selector for selector, key in keys.items() if key]
    revoked = [selector for selector, key in keys.items() if key == ""]
    if revoked and not there:
        return Record("DKIM", Told.wrong, f"the key {revoked[0]}._domainkey.{domain} is revoked", "publish a new one")
    if not sendgrid:
        if there:
            return Record("DKIM", Told.right, f"{domain} has the DKIM key {', '.join(there)}")
        words = f"{domain} has no DKIM key under a usual name ({', '.join(wanted)})"
        return Record("DKIM", Told.doubtful, words, "ask whoever runs the mail server whether it signs, and as what")
    cure = "SendGrid: Settings, Sender Authentication; copy the two CNAME records it shows"
    missing = [f"{selector}._domainkey.{domain}" for selector in wanted if selector not in there]
    if not there:
        return Record("DKIM", Told.wrong, f"there is no DKIM key at {' and '.join(missing)}", cure)
    if missing:
        return Record("DKIM", Told.doubtful, f"there is no DKIM key at {missing[0]}, which SendGrid turns to", cure)
    return Record("DKIM", Told.right, f"{domain} has both DKIM keys of SendGrid")


def _key(texts: Sequence[str]) -> str | None:
    """The public key of a DKIM record; empty when it was revoked, None when there is none."""
    for text in texts:
        tags = _tags(text)
        if "p" in tags and tags.get("v", "DKIM1") == "DKIM1":
            return tags["p"].replace(" ", "")
    return None


def dmarc(domain: str, sendgrid: bool, ask: Ask) -> Record:  # noqa: ARG001  (all three are asked alike)
    """The policy of the domain, or of the domain above it."""
    for name in _upwards(domain):
        found = [text for text in ask(f"_dmarc.{name}") if _tags(text).get("v") == "DMARC1"]
        if len(found) > 1:
            words = f"_dmarc.{name} has {len(found)} DMARC records, which counts as none (RFC 7489, 6.6.3)"
            return Record("DMARC", Told.wrong, words, "leave one of them")
        if found:
            policy = _tags(found[0]).get("p", "").lower()
            if policy not in ("none", "quarantine", "reject"):
                return Record("DMARC", Told.wrong, f"_dmarc.{name} has no policy", 'write "v=DMARC1; p=none"')
            only = ", which only watches" if policy == "none" else ""
            return Record("DMARC", Told.right, f"_dmarc.{name} says p={policy}{only}")
    cure = f'a TXT record at _dmarc.{domain}: "v=DMARC1; p=none; rua=mailto:SOMEBODY@{domain}"'
    return Record("DMARC", Told.wrong, f"{domain} has no DMARC record; large mailbox providers ask for one", cure)


def _upwards(domain: str) -> Iterator[str]:
    """The domain, then those above it that still have two parts."""
    parts = domain.split(".")
    for cut in range(max(len(parts) - 1, 1)):
        yield ".".join(parts[cut:])


def _tags(text: str) -> dict[str, str]:
    """`v=DMARC1; p=none` as a mapping; names in small letters."""
    pairs = (part.partition("=") for part in text.split(";") if "=" in part)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
