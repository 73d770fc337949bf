"""Whether SendGrid signed a post: ECDSA over P-256 and SHA-256 of the timestamp and the raw body (email.md 1.6)."""

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

NO_LIBRARY = "checking SendGrid's signatures needs the library `cryptography`: pip install 'nurture[sendgrid]'"
_LONGEST = 512  # characters of a signature or a timestamp; a true one has about 96, or 10

Verify = Callable[[str, str, bytes], bool]


def verifier(keys: str) -> Verify:
    """A function of (signature, timestamp, raw body) that says whether one of these keys made the signature.

    `keys` are base64 of the public key as SendGrid shows it (SPKI, DER), several with commas between: while one is
    replaced, both hold. ValueError, with the cure, for what is no such key; ImportError without `cryptography`.
    The function raises nothing: whatever is wrong, the answer is False.
    """
    public = [_key(one.strip(), number) for number, one in enumerate(keys.split(","), 1) if one.strip()]

    def verify(signature: str, timestamp: str, body: bytes) -> bool:
        return _signed(public, signature, timestamp, body)

    return verify


def _key(text: str, number: int) -> "EllipticCurvePublicKey":
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
        from cryptography.hazmat.primitives.serialization import load_der_public_key
    except ImportError as error:
        raise ImportError(NO_LIBRARY) from error
    try:
        key = load_der_public_key(base64.b64decode(text, validate=True))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError(f"key {number} of sendgrid.events_key is no public key; copy it whole") from error
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError(f"key {number} of sendgrid.events_key is no key of SendGrid's kind (P-256); copy it whole")
    return key


def _signed(keys: Iterable["EllipticCurvePublicKey"], signature: str, timestamp: str, body: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    if not signature or not timestamp or len(signature) > _LONGEST or len(timestamp) > _LONGEST:
        return False
    try:
        made, said = base64.b64decode(signature, validate=True), timestamp.encode("ascii") + body
    except (binascii.Error, ValueError):
        return False
    for key in keys:
        try:
            key.verify(made, said, ECDSA(SHA256()))
        except InvalidSignature:
            continue
        return True
    return False
