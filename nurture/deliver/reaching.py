"""Whether readers' links lead somewhere: our own web part, asked through the address that mails carry."""

from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

PATIENCE = 5.0  # seconds
ALIVE = b"ok"


def why_unreachable(url: str, patience: float = PATIENCE) -> str:
    """Why `/health` behind an address does not answer as ours does, in words; empty when it does."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=patience)
    try:
        connection.request("GET", "/health", headers={"User-Agent": "nurture doctor"})
        answer = connection.getresponse()
        body = answer.read(1_000)
    except (OSError, HTTPException) as error:
        return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    finally:
        connection.close()
    if answer.status == 200 and body.strip() == ALIVE:
        return ""
    return f"something else answers there: {answer.status} {answer.reason}"
