"""What was posted, whatever it looks like: RFC 8058 allows both kinds of form, and mail programs differ beyond it."""

import asyncio
from collections.abc import Mapping
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl

from aiohttp import web

LARGEST = 16 * 1024  # bytes
SECONDS = 10.0  # for a body to arrive
FIELDS = 20
WHOLE_SECONDS = 60.0  # for a body of megabytes
ALL_AT_ONCE = 128 * 1024 * 1024  # bytes of bodies that are on their way; whoever comes then is asked to come again


class Room:
    """How many bytes of bodies are in memory that nobody has judged yet: strangers can fill it, and no more."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0

    def take(self, size: int) -> None:
        """Make room for so many; HTTPServiceUnavailable when there is none."""
        if self.taken + size > self.most:
            raise web.HTTPServiceUnavailable
        self.taken += size


ROOM = web.AppKey("room", Room)


async def whole(request: web.Request, most: int, seconds: float = WHOLE_SECONDS) -> bytes:
    """The raw body, up to so many bytes. HTTPException for one that is larger, too slow or torn, or without room."""
    if request.content_length is not None and request.content_length > most:
        raise web.HTTPRequestEntityTooLarge(most, request.content_length)
    body, room = bytearray(), request.app[ROOM]
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.content.iter_any():
                room.take(len(piece))
                body += piece
                if len(body) > most:
                    raise web.HTTPRequestEntityTooLarge(most, len(body))
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except (web.RequestPayloadError, ConnectionError):
        raise web.HTTPBadRequest from None
    finally:
        room.taken -= len(body)
    return bytes(body)


async def posted(request: web.Request, most: int = FIELDS) -> Mapping[str, str]:
    """The fields of a posted form; empty for a body that is none. HTTPException for one too large, too slow or torn."""
    try:
        async with asyncio.timeout(SECONDS):
            data = await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except (web.RequestPayloadError, ConnectionError):  # cut off, or not what its head said: no fault of ours
        raise web.HTTPBadRequest from None
    return fields(request.headers.get("Content-Type", ""), data, most)


def fields(content_type: str, data: bytes, most: int = FIELDS) -> Mapping[str, str]:
    """A form as names and values, of a name said twice the first; nothing for what is no form. Raises nothing."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return _first(_urlencoded(data, most))
    if kind == "multipart/form-data":
        return _first(_multipart(content_type, data, most))
    return {}


def _first(pairs: list[tuple[str, str]]) -> dict[str, str]:
    return dict(reversed(pairs))


def _urlencoded(data: bytes, most: int) -> list[tuple[str, str]]:
    try:
        return parse_qsl(data.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=most)
    except ValueError:  # too many fields
        return []


def _multipart(content_type: str, data: bytes, most: int) -> list[tuple[str, str]]:
    """The parts of a form (RFC 7578), read as the mail they are written like."""
    clean = content_type.encode("latin-1", "replace").replace(b"\r", b"").replace(b"\n", b"")
    whole: Message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + clean + b"\r\n\r\n" + data)
    if not whole.is_multipart():
        return []
    found = []
    for part in list(whole.get_payload())[:most]:
        name = part.get_param("name", header="content-disposition") if isinstance(part, Message) else None
        value = part.get_payload(decode=True) if isinstance(part, Message) else None
        if isinstance(name, str) and isinstance(value, bytes):
            found.append((name, value.decode("utf-8", "replace").strip()))
    return found
