"""What providers tell of our mails: POST /in/sendgrid/events, signed, and kept as it came before it is answered."""

from aiohttp import web

from nurture.deliver.sendgrid_signature import Verify, verifier
from nurture.engine.faults import StateError
from nurture.web.body import whole
from nurture.web.refusals import Refusals
from nurture.web.site import Site

EVENTS = "sendgrid.events"
LARGEST_EVENTS = 4 * 1024 * 1024  # bytes; SendGrid posts 768 KB at the most
SIGNATURE, TIMESTAMP = "X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"


def add(app: web.Application, site: Site) -> None:
    """Add the routes whose key is configured; without one there is no such address.

    StateError when the key of config.toml is none, or the library that checks signatures is missing.
    """
    verify = verifying(site.shop.config.sendgrid_events_key, "events_key")
    if verify is not None:
        app.router.add_post("/in/sendgrid/events", Events(site, verify).take)


def verifying(keys: str, named: str) -> Verify | None:
    """What checks signatures by these keys, which config.toml calls `named`; None without one. StateError as above."""
    if not keys:
        return None
    try:
        return verifier(keys)
    except (ValueError, ImportError) as fault:
        raise StateError(str(fault).replace("events_key", named)) from fault


class Events:
    """SendGrid's Event Webhook. Whatever is wrong with a post, it is answered alike, and changes nothing."""

    def __init__(self, site: Site, verify: Verify) -> None:
        self.site = site
        self.verify = verify
        self.refusals = Refusals(EVENTS, site.clock)

    async def take(self, request: web.Request) -> web.Response:
        """204 once it is kept, or was before; 403 for what is not signed, so that a wrong key here loses no event.

        How old a signature is does not count: SendGrid tries again for a day, and a post once kept is not kept again.
        """
        body = await whole(request, LARGEST_EVENTS)
        signature, timestamp = request.headers.get(SIGNATURE, ""), request.headers.get(TIMESTAMP, "")
        if not self.verify(signature, timestamp, body):
            self.refusals.note()
            raise web.HTTPForbidden
        await self.site.keep(EVENTS, body, {})
        return web.Response(status=204)
