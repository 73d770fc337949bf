"""Who keeps a reader's mailbox, by the domain of the address: rates and brakes are theirs (email.md 4.2)."""

from functools import lru_cache

LONGEST_LOCAL_PART = 64  # octets before the @-sign (RFC 5321 4.5.3.1.1)
FAMILIES: dict[str, tuple[str, ...]] = {
    "gmail": ("gmail.com", "googlemail.com"),
    "microsoft": ("outlook.", "hotmail.", "live.", "msn.com", "passport.com"),
    "yahoo": ("yahoo.", "ymail.com", "rocketmail.com", "aol.com", "aol."),
    "apple": ("icloud.com", "me.com", "mac.com"),
}


def mailbox_family(address: str) -> str:
    """The family of a mailbox: gmail, microsoft, yahoo, apple, or its own domain in lower case; empty for no address.

    A name that ends in a dot stands for all its countries: `hotmail.` is hotmail.com, hotmail.fr and the rest.
    """
    return _family(address.rpartition("@")[2].strip().casefold())


@lru_cache(maxsize=16_384)
def _family(domain: str) -> str:
    """The family of a domain, of which there are far fewer than addresses."""
    for family, names in FAMILIES.items():
        if any(domain == name or (name.endswith(".") and domain.startswith(name)) for name in names):
            return family
    return domain
