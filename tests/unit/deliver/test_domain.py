"""What a domain says in DNS, asked of a small real DNS server on this machine."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from nurture.deliver.domain import CouldNotAskError, Dns, Record, Told, records

SHOP = "shop.example"
KEY = "v=DKIM1; k=rsa; p=MIGfMA0"
WELL = {
    SHOP: ["some-site-verification=1", "v=spf1 include:sendgrid.net ~all"],
    f"s1._domainkey.{SHOP}": ["CNAME s1.domainkey.u1.wl.sendgrid.net"],
    "s1.domainkey.u1.wl.sendgrid.net": [KEY],
    f"s2._domainkey.{SHOP}": [KEY],
    f"_dmarc.{SHOP}": ["v=DMARC1; p=quarantine; rua=mailto:a@shop.example"],
}


def answer_to(query: dns.message.Message, zone: Mapping[str, list[str]]) -> dns.message.Message:
    """What a server of this zone says; CNAMEs are followed as a resolver does."""
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.RA
    asked = query.question[0].name
    name = asked.to_text().rstrip(".")
    if name not in zone and not any(known.endswith(f".{name}") for known in zone):
        reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply
    texts = zone.get(name, [])
    while texts and texts[0].startswith("CNAME "):
        target = texts[0].removeprefix("CNAME ")
        reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", f"{target}."))
        name, texts = target, zone.get(target, [])
    if texts:
        halves = [f'"{text[:40]}" "{text[40:]}"' if len(text) > 40 else f'"{text}"' for text in texts]
        reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "TXT", *halves))
    return reply


@contextmanager
def serving(zone: Mapping[str, list[str]]) -> Iterator[Dns]:
    """Somebody to ask who knows this zone."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                data, peer = door.recvfrom(4096)
                if data == b"end":
                    return
                door.sendto(answer_to(dns.message.from_wire(data), zone).to_wire(), peer)

        thread = threading.Thread(target=serve)
        thread.start()
        port = door.getsockname()[1]
        try:
            yield Dns(["127.0.0.1"], port, patience=2.0)
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"end", ("127.0.0.1", port))
            thread.join(timeout=5)


def told(zone: Mapping[str, list[str]], sendgrid: bool = True, domain: str = SHOP) -> dict[str, Record]:
    with serving(zone) as ask:
        return {record.what: record for record in records(domain, sendgrid, ask)}


def test_a_domain_that_is_set_up_for_sendgrid_is_right_in_all_three() -> None:
    found = told(WELL)
    assert {what: record.told for what, record in found.items()} == dict.fromkeys(("SPF", "DKIM", "DMARC"), Told.right)
    assert found["DMARC"].words == "_dmarc.shop.example says p=quarantine"


def test_a_domain_that_says_nothing_is_told_what_to_publish() -> None:
    found = told({"other.example": []})
    assert {what: record.told for what, record in found.items()} == {
        "SPF": Told.doubtful,
        "DKIM": Told.wrong,
        "DMARC": Told.wrong,
    }
    assert all(record.cure for record in found.values())
    assert "include:sendgrid.net" in found["SPF"].cure


@pytest.mark.parametrize(
    ("texts", "state"),
    [
        (["v=spf1 -all"], Told.right),
        (["V=SPF1 include:sendgrid.net ~all"], Told.right),
        (["v=spf1 ~all", "v=spf1 -all"], Told.wrong),
        (["v=spf1 include:sendgrid.net +all"], Told.wrong),
        (["v=spf10 is something else"], Told.doubtful),
        (["spf2.0/pra"], Told.doubtful),
    ],
)
def test_one_spf_record_and_not_for_everybody(texts: list[str], state: Told) -> None:
    assert told(WELL | {SHOP: texts})["SPF"].told is state


def test_a_long_record_in_two_pieces_is_one() -> None:
    long = "v=spf1 include:one.example include:two.example include:three.example -all"
    assert told(WELL | {SHOP: [long]})["SPF"].told is Told.right


@pytest.mark.parametrize(
    ("keys", "state"),
    [
        ({"s1": [KEY], "s2": [KEY]}, Told.right),
        ({"s1": [KEY]}, Told.doubtful),
        ({"s1": ["CNAME gone.sendgrid.net"], "s2": ["CNAME gone.sendgrid.net"]}, Told.wrong),
        ({"s1": ["v=DKIM1; p="], "s2": ["v=DKIM1; p="]}, Told.wrong),
        ({"s1": ["no key at all"]}, Told.wrong),
    ],
)
def test_both_keys_of_sendgrid_or_it_cannot_turn_to_the_other(keys: dict[str, list[str]], state: Told) -> None:
    zone = {SHOP: WELL[SHOP]} | {f"{name}._domainkey.{SHOP}": texts for name, texts in keys.items()}
    assert told(zone)["DKIM"].told is state


def test_of_another_server_any_usual_key_will_do() -> None:
    zone = {SHOP: WELL[SHOP], f"default._domainkey.{SHOP}": [KEY]}
    assert told(zone, sendgrid=False)["DKIM"].told is Told.right
    assert told({SHOP: WELL[SHOP]}, sendgrid=False)["DKIM"].told is Told.doubtful


@pytest.mark.parametrize(
    ("texts", "state"),
    [
        (["v=DMARC1; p=none"], Told.right),
        (["v=DMARC1;p=reject;pct=100"], Told.right),
        (["v=DMARC1; rua=mailto:a@shop.example"], Told.wrong),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], Told.wrong),
        (["dmarc soon"], Told.wrong),
    ],
)
def test_one_dmarc_record_with_a_policy(texts: list[str], state: Told) -> None:
    assert told(WELL | {f"_dmarc.{SHOP}": texts})["DMARC"].told is state


def test_the_policy_of_the_domain_above_holds_for_the_one_below() -> None:
    assert told(WELL, domain=f"mail.{SHOP}")["DMARC"].words == "_dmarc.shop.example says p=quarantine"


def test_a_server_that_never_answers_is_an_answer_of_its_own() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        ask = Dns(["127.0.0.1"], deaf.getsockname()[1], patience=0.2)
        found = list(records(SHOP, True, ask))
        assert [record.told for record in found] == [Told.unasked] * 3
        assert found[0].words.startswith("could not ask: ")
        with pytest.raises(CouldNotAskError):
            ask(SHOP)
