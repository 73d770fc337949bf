"""Serving an application: bounds on slow and broken clients, no banner, and nothing of a request in any log."""

import errno
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from aiohttp import web

from nurture.engine.faults import StateError
from nurture.web.headers import headers

IDLE = 20.0  # seconds a connection may take for the head of a request, or rest between two
LINGER = 2.0  # seconds for the rest of a body that nobody wants
SHUTDOWN = 10.0  # seconds for what is being answered
_SILENT = logging.getLogger("nurture.web.connections")
_SILENT.disabled = True  # aiohttp writes addresses and whole requests there; `web.failed` says what is ours


@asynccontextmanager
async def serving(
    application: web.Application, host: str, port: int, key: str = "web.listen"
) -> AsyncIterator[tuple[str, int]]:
    """Serve it as long as the context lasts; gives host and port, which for port 0 is a free one.

    StateError when the address cannot be listened on, which `key` of config.toml names.
    What is being answered at the end is answered.
    """
    runner = _Runner(
        application,
        access_log=None,
        logger=_SILENT,
        keepalive_timeout=IDLE,
        lingering_time=LINGER,
        shutdown_timeout=SHUTDOWN,
        auto_decompress=False,
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as fault:
            raise StateError(_words(fault, host, port, key)) from fault
        yield runner.addresses[0][:2]
    finally:
        await runner.cleanup()


def _words(fault: OSError, host: str, port: int, key: str) -> str:
    """Why it cannot be listened on, and what to do."""
    cure = f"Set {key} in config.toml to another."
    if fault.errno == errno.EADDRINUSE:
        return f"the port {port} of {host} is in use by another program, perhaps another nurture. {cure}"
    if fault.errno == errno.EACCES:
        return f"the port {port} may not be listened on by this user; ports below 1024 need more rights. {cure}"
    return f"{host}:{port} cannot be listened on: {fault.strerror or fault}. {cure}"


class _Connection(web.RequestHandler):
    """One connection; what is no HTTP is answered without saying who answers."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,  # noqa: ARG002  (its words quote the request)
        message: str | None = None,  # noqa: ARG002
    ) -> web.StreamResponse:
        """A bare answer, after which the connection is closed."""
        if request.writer.output_size > 0:
            raise ConnectionError("a part of the answer is on its way already")
        response = web.Response(status=status, text=f"{HTTPStatus(status).phrase}\n", headers=headers(secure=False))
        response.headers["Server"] = "nurture"  # else aiohttp writes its own name and version
        response.force_close()
        return response


class _Server(web.Server):
    """Makes connections of ours."""

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Runner(web.AppRunner):
    """Runs the application on a server of ours."""

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        ours = _Server(made.request_handler, request_factory=made.request_factory, loop=made._loop)
        ours._kwargs = made._kwargs
        return ours
