"""E-mail addresses as headers may carry them: the domain in ASCII, nothing that could end a header."""

from functools import lru_cache

from nurture.render.values import clean


@lru_cache(maxsize=4096)
def ascii_domain(domain: str) -> str:
    """A domain name as it stands in headers (IDNA 2008); one that is no domain stays as it is, without white space."""
    from email_validator import EmailNotValidError, validate_email  # a tenth of what `check` loads, and not for it

    try:
        valid = validate_email(
            f"a@{domain}", check_deliverability=False, globally_deliverable=False, test_environment=True
        )
    except EmailNotValidError:
        return "".join(clean(domain).split())
    return valid.ascii_domain


def encoded(address: str) -> str:
    """An address with its domain in ASCII. The part before the @ is never changed: it would be another mailbox."""
    local, at, domain = "".join(clean(address).split()).rpartition("@")
    return f"{local}{at}{ascii_domain(domain)}"


@lru_cache(maxsize=64)
def house_address(address: str) -> str:
    """The same for an address of the house's own, which stands in every mail."""
    return encoded(address)


@lru_cache(maxsize=64)
def house_name(name: str) -> str:
    """A name of the house's own as a header may carry it."""
    return clean(name)


def domain_of(address: str) -> str:
    """The ASCII domain of an address."""
    return house_address(address).rpartition("@")[2]
