"""Letters from readers: POST /in/sendgrid/mail, signed or with a secret in its path, kept as they came (email.md 1.7).

SendGrid drops a letter at once, and tells nobody, when it is answered with 4xx or 3xx; with 5xx it comes again for
three days. So what may be genuine is never answered so.
"""

import hmac

from aiohttp import web

from nurture.deliver.sendgrid_signature import Verify
from nurture.web.body import whole
from nurture.web.hooks import SIGNATURE, TIMESTAMP, verifying
from nurture.web.refusals import Refusals
from nurture.web.site import RETRY_AFTER, Site

MAIL = "sendgrid.mail"
FORM = "multipart/form-data"
LARGEST = 31 * 1024 * 1024  # bytes; SendGrid takes letters of up to 30 MB
SECONDS = 60.0  # for a letter to arrive
AT_ONCE = 8  # letters that are read from the network together; further ones come again


def add(app: web.Application, site: Site) -> None:
    """Add the routes that are configured; without a key or a secret there is no such address.

    StateError when the key of config.toml is none, or the library that checks signatures is missing.
    """
    config = site.shop.config
    letters = Letters(
        site, verifying(config.sendgrid_inbound_key, "inbound_key"), config.sendgrid_inbound_secret.encode()
    )
    if letters.verify is not None:
        app.router.add_post("/in/sendgrid/mail", letters.signed)
    if letters.secret:
        app.router.add_post("/in/sendgrid/mail/{secret}", letters.with_secret)


class Letters:
    """SendGrid's Inbound Parse Webhook."""

    def __init__(self, site: Site, verify: Verify | None, secret: bytes) -> None:
        self.site = site
        self.verify = verify
        self.secret = secret
        self.in_hand = 0
        self.refusals = Refusals(MAIL, site.clock)

    async def signed(self, request: web.Request) -> web.Response:
        """A letter that is signed. One with a signature that does not fit may be genuine, and the key here wrong."""
        signature, timestamp = request.headers.get(SIGNATURE, ""), request.headers.get(TIMESTAMP, "")
        if not signature or not timestamp:
            return self._unproven(request)
        body = await self._body(request)
        if body is None or self.verify is None or not self.verify(signature, timestamp, body):
            if body is not None:
                self.refusals.note()
            return later()
        return await self._kept(request, body)

    async def with_secret(self, request: web.Request) -> web.Response:
        """A letter to the address that only SendGrid and we know."""
        if not hmac.compare_digest(request.match_info["secret"].encode(errors="replace"), self.secret):
            return self._unproven(request)
        body = await self._body(request)
        return later() if body is None else await self._kept(request, body)

    def _unproven(self, request: web.Request) -> web.Response:
        """A form as letters have it may be one, posted by a setting that is not finished: with 4xx it would be lost.

        So it is told to come again, unread, and that is noted. Anything else is a stranger.
        """
        stranger = self.site.stranger(request)
        if request.content_type != FORM:
            return stranger
        self.refusals.note()
        return later()

    async def _body(self, request: web.Request) -> bytes | None:
        """The whole body; None when it is too large, too slow or torn, or when too many are read already."""
        if self.in_hand >= AT_ONCE:
            return None
        self.in_hand += 1
        try:
            return await whole(request, LARGEST, SECONDS)
        except web.HTTPException:
            return None
        finally:
            self.in_hand -= 1

    async def _kept(self, request: web.Request, body: bytes) -> web.Response:
        """204 once it is kept, or was before; whatever keeps it from being kept is answered as our own fault."""
        await self.site.keep(MAIL, body, {"Content-Type": request.headers.get("Content-Type", "")})
        return web.Response(status=204)


def later() -> web.Response:
    """Not now: SendGrid comes again, for three days."""
    return web.Response(status=503, text="later\n", headers=RETRY_AFTER)
