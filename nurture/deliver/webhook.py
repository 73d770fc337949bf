"""Calling somebody's endpoint: one POST of JSON, which must not lead into a network where nobody meant it to go.

A public endpoint is called by https, at an address that was looked up once, checked, and is the very one that is
connected to: a name that changes its meaning between check and call (DNS rebinding) leads nowhere. Redirects are not
followed and proxies of the environment not used: both would carry the key elsewhere. The Idempotency-Key is the same
at every try (draft-ietf-httpapi-idempotency-key-header), so that a call that comes twice can be seen to be one.
"""

import asyncio
import json
import math
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import field
from datetime import date, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import lru_cache
from importlib.metadata import version
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from nurture.deliver.plain import kept_words
from nurture.model.event import Line, Money, MonthDay
from nurture.model.values import dataclass

if TYPE_CHECKING:
    import aiohttp

MOST_READ = 64 * 1024  # bytes of an answer that are looked at
LONGEST_VALUE = 1_000  # characters of an answer that is kept as a fact
NOT_NOW = frozenset({408, 429})  # what may go well later, as does every 5xx
METADATA = frozenset({"168.63.129.16", "192.0.0.192", "100.100.100.200", "fd00:ec2::254"})  # beside the link-local
NOT_PUBLIC = tuple(map(ip_network, ("192.0.0.0/24", "64:ff9b:1::/48", "fec0::/10")))  # which Python takes for public
_NAT64 = IPv6Network("64:ff9b::/96")

Address = IPv4Address | IPv6Address
LookUp = Callable[[str, int], Awaitable[Sequence[str]]]


class ForbiddenError(OSError):
    """An address that an endpoint must not lead to."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where calls go, and the key they carry (empty: none). `private` allows our own network, and plain http."""

    url: str = field(repr=False)
    key: str = field(default="", repr=False)
    private: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One call, ready to be made. `timeout` is in seconds, from looking the name up to the end of the answer."""

    target: Target
    key: str
    body: bytes = field(repr=False)
    timeout: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status with the beginning of its body, or why there is none."""

    status: int | None = None
    body: bytes = field(default=b"", repr=False)
    retry_after: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Meaning:
    """An answer in our words. `again` says that another try may go well, not before `wait` if that is said.

    `value` is what a success answered: JSON's text, number or truth, any other answer as text, None for nothing.
    """

    ok: bool
    words: str
    again: bool = False
    wait: timedelta | None = None
    value: object = None


def build(target: Target, key: str, body: Mapping[str, object], timeout: float) -> Call | str:
    """The call; or why the endpoint's address can be none, in words that do not repeat it. Pure."""
    from yarl import URL

    try:
        url = URL(target.url)
    except ValueError:
        return "its address is none"
    if url.scheme not in ("https", "http") or not url.host:
        return "its address is none; it begins with https://"
    if url.scheme == "http" and not target.private:
        return "its address begins with http://: what is sent could be read on the way; only a private one may"
    if url.user is not None or url.password is not None:
        return "its address holds a password; put it into the variable that key_env names"
    return Call(target, key, json.dumps(plain(body), ensure_ascii=False, allow_nan=False).encode(), timeout)


def plain(value: object) -> object:
    """A value of ours as JSON has it: amounts as text beside their currency, days and instants as ISO 8601."""
    match value:
        case Money():
            return {"amount": str(value.amount), "currency": value.currency}
        case MonthDay():
            return f"--{value.month:02}-{value.day:02}"
        case Line():
            return {"product": value.product, "quantity": value.quantity, "price": plain(value.price)}
        case date() | datetime():
            return value.isoformat()
        case Decimal():
            return str(value)
        case Mapping():
            return {str(name): plain(item) for name, item in value.items()}
        case tuple() | list():
            return [plain(item) for item in value]
        case frozenset() | set():
            return sorted(str(item) for item in value)
    return value


async def system(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as the system knows them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


async def post(call: Call, look_up: LookUp = system) -> Answer:
    """Make the call, once. What goes wrong comes back as an answer, but for a cancellation."""
    try:
        async with asyncio.timeout(call.timeout):
            return await _post(call, look_up)
    except TimeoutError:
        return Answer(fault=f"no answer in {call.timeout:g} seconds")
    except ForbiddenError as refused:
        return Answer(fault=str(refused))
    except socket.gaierror:
        return Answer(fault="its name is not known")
    except Exception as fault:  # noqa: BLE001  (whatever it was, there is no answer; its words may hold the address)
        return Answer(fault=f"no answer: {type(fault).__name__}")


async def _post(call: Call, look_up: LookUp) -> Answer:
    import aiohttp
    from yarl import URL

    url = URL(call.target.url)
    addresses = await look_up(str(url.raw_host), url.port or 443)
    for address in addresses:
        refuse(address, call.target.private)
    connector = aiohttp.TCPConnector(
        resolver=_known(addresses),
        use_dns_cache=False,
        force_close=True,
        ssl=_trust() if url.scheme == "https" else True,
    )
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, auto_decompress=False
    ) as session:
        wait = aiohttp.ClientTimeout(total=None)  # the whole of it has its time above
        async with session.post(
            url, data=call.body, headers=_headers(call), allow_redirects=False, timeout=wait
        ) as response:
            return Answer(response.status, await _beginning(response), response.headers.get("Retry-After", ""))


def _headers(call: Call) -> dict[str, str]:
    said = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Accept-Encoding": "identity",  # what is small on the way could be a flood when it is unpacked
        "Idempotency-Key": call.key,
        "User-Agent": f"nurture/{version('nurture')}",
    }
    return said | ({"Authorization": f"Bearer {call.target.key}"} if call.target.key else {})


async def _beginning(response: "aiohttp.ClientResponse") -> bytes:
    """As much of an answer as is worth reading; the status stands already, so a cut changes nothing."""
    import aiohttp

    got = bytearray()
    try:
        while len(got) < MOST_READ and (more := await response.content.read(MOST_READ - len(got))):
            got += more
    except (aiohttp.ClientError, OSError):
        return bytes(got)
    return bytes(got)


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _known(addresses: Sequence[str]) -> "aiohttp.abc.AbstractResolver":
    """A resolver that knows these addresses and asks nobody."""
    from aiohttp.abc import AbstractResolver, ResolveResult

    class Known(AbstractResolver):
        async def resolve(
            self,
            host: str,
            port: int = 0,
            family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002  (the signature is aiohttp's)
        ) -> list[ResolveResult]:
            return [
                ResolveResult(
                    hostname=host,
                    host=address,
                    port=port,
                    family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                    proto=0,
                    flags=socket.AI_NUMERICHOST,
                )
                for address in addresses
            ]

        async def close(self) -> None:
            pass

    return Known()


def refuse(text: str, private: bool) -> None:
    """ForbiddenError for an address that no endpoint may lead to; with `private` our own network is allowed.

    Link-local addresses and those of a cloud's metadata hold the machine's own keys: no endpoint leads there.
    """
    try:
        address = meant(ip_address(text.partition("%")[0]))
    except ValueError:
        raise ForbiddenError("its name leads to no address") from None
    if address.is_link_local or address.is_multicast or address.is_unspecified or str(address) in METADATA:
        raise ForbiddenError("its name leads to an address that no endpoint has")
    if not private and (not address.is_global or any(address in network for network in NOT_PUBLIC)):
        raise ForbiddenError("its name leads into a private network; say private: true if that is meant")


def meant(address: Address) -> Address:
    """The address that a packet in the end goes to: the IPv4 address inside an IPv6 one, however it is put there."""
    if not isinstance(address, IPv6Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    if inner is None and (address in _NAT64 or (int(address) >> 32 == 0 and int(address) > 1)):
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address


def read(answer: Answer, now: datetime, secrets: Sequence[str] = ()) -> Meaning:
    """What an answer means. 2xx is a success; 4xx but 408 and 429, and redirects, are the end. Pure; `now` is UTC."""
    status = answer.status
    if status is None:
        return Meaning(False, answer.fault, again=True)
    if 200 <= status < 300:
        return Meaning(True, f"answered {status}", value=value_of(answer.body))
    if 300 <= status < 400:
        return Meaning(False, f"answered {status}; a redirect is not followed")
    said = kept_words(answer.body[:LONGEST_VALUE].decode("utf-8", "replace"), secrets)
    again = status in NOT_NOW or status >= 500
    return Meaning(False, f"answered {status}: {said}".rstrip(": "), again, _wait(answer.retry_after, now))


def value_of(body: bytes) -> object:
    """What a success answered: one value of JSON as it is, anything else as text, None for nothing."""
    text = body.decode("utf-8", "replace").strip()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return _storable(text) or None
    if isinstance(found, float) and not math.isfinite(found):
        return _storable(text)
    if isinstance(found, str):
        return _storable(found)
    if found is None or isinstance(found, bool | float) or (isinstance(found, int) and abs(found) < 2**53):
        return found
    return _storable(text)


def _storable(text: str) -> str:
    """The beginning of a text; halves of characters and NUL, which no database takes, are replaced."""
    whole = text[:LONGEST_VALUE].encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _wait(retry_after: str, now: datetime) -> timedelta | None:
    """How long the other side asks to be left alone: seconds, or until a date (RFC 9110, 10.2.3)."""
    if retry_after.strip().isdecimal() and len(retry_after) < 10:
        return timedelta(seconds=int(retry_after))
    try:
        return max(timedelta(), parsedate_to_datetime(retry_after) - now)
    except (ValueError, TypeError):
        return None
