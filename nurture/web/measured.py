"""Requests as metrics and traces see them: by the route of ours that answered, never by the address asked for."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from nurture import spans

UNKNOWN = "unknown"


@web.middleware
async def measured(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """A stretch of work for each request, while anybody watches."""
    if not spans.watched():
        return await handler(request)
    with spans.span(spans.REQUEST, method=request.method, route=route_of(request)):
        return await handler(request)


def route_of(request: web.Request) -> str:
    """The pattern of the route, such as `/in/sendgrid/mail/{secret}`; `unknown` for none."""
    resource = request.match_info.route.resource
    return UNKNOWN if resource is None else resource.canonical
