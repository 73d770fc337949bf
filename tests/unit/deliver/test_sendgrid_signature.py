"""SendGrid's signature: what is signed by a key of ours, and nothing else, is believed."""

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from nurture.deliver.sendgrid_signature import verifier

BODY = b'[{"event":"processed"}\r\n]\r\n'
PRIVATE, OTHER = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())


def public(key) -> str:
    return b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def signed(key, timestamp: str = "1740300320", body: bytes = BODY) -> str:
    return b64encode(key.sign(timestamp.encode() + body, ECDSA(SHA256()))).decode()


def test_what_our_key_signed_is_believed_to_the_byte():
    verify = verifier(public(PRIVATE))
    assert verify(signed(PRIVATE), "1740300320", BODY)
    assert not verify(signed(PRIVATE), "1740300320", BODY.strip())
    assert not verify(signed(PRIVATE), "1740300321", BODY)


def test_while_a_key_is_replaced_both_hold():
    verify = verifier(f" {public(PRIVATE)} , {public(OTHER)},")
    assert verify(signed(PRIVATE), "1740300320", BODY)
    assert verify(signed(OTHER), "1740300320", BODY)


@pytest.mark.parametrize(
    ("signature", "timestamp"),
    [
        ("", "1740300320"),
        ("not base64!", "1740300320"),
        ("AAAA", "1740300320"),
        (b64encode(b"\x30\x06\x02\x01\x00\x02\x01\x00").decode(), "1740300320"),
        (signed(OTHER), "1740300320"),
        (signed(PRIVATE), ""),
        (signed(PRIVATE), "\u0661"),
        (signed(PRIVATE), "1740300320" * 100),
        (signed(PRIVATE) * 100, "1740300320"),
        ("\ud800", "1740300320"),
    ],
    ids=map(str, range(10)),  # keys are drawn anew in each process
)
def test_whatever_is_wrong_the_answer_is_no(signature: str, timestamp: str):
    assert verifier(public(PRIVATE))(signature, timestamp, BODY) is False


@pytest.mark.parametrize(
    "key",
    ["x", "AAAA", public(generate_private_key(SECP384R1())), f"{public(PRIVATE)},x"],
    ids=["one letter", "no key", "another curve", "the second"],
)
def test_a_key_that_is_none_is_said_at_the_start(key: str):
    with pytest.raises(ValueError, match=r"key [12] of sendgrid.events_key"):
        verifier(key)


def test_without_a_key_nothing_is_believed():
    assert not verifier(" , ")(signed(PRIVATE), "1740300320", BODY)
