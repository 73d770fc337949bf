"""The verb that answers the web and decides nothing: web."""

from typing import TYPE_CHECKING

from nurture.cli.command import Asked, command
from nurture.cli.edge import FINE

if TYPE_CHECKING:
    from pathlib import Path

    from nurture.config import Config


@command("web", "nurture web   the web part alone; `nurture run` may be on another machine")
def web_command(asked: Asked) -> int:
    """Answer links, posts from providers and shops, and signs of life; decide and hand over nothing.

    It shares the store with `nurture run`, which reads at its next tick what was kept here.
    """
    import asyncio

    from nurture import observe
    from nurture.cli.tracing import traced
    from nurture.engine.faults import StateError
    from nurture.wiring import configuration

    config = configuration(asked.root)
    if config.web_listen is None:
        raise StateError('the web part has nowhere to listen. Write below [web]: listen = "127.0.0.1:8080"')
    observe.show_on_stderr(asked.json)
    with traced():
        asyncio.run(_serve(asked.root, config))
    return FINE


async def _serve(root: "Path", config: "Config") -> None:
    """Listen until SIGTERM or Ctrl-C."""
    from nurture.cli.running import web_part
    from nurture.daemon import Signals
    from nurture.engine.applying import live_book
    from nurture.engine.threads import Thread
    from nurture.wiring import now, workshop

    signals, thread = Signals(), Thread("web")
    try:
        with workshop(root) as shop:
            live, run = (lambda: live_book(shop.store)), thread.run
            async with web_part(config.web_listen)(shop, live, now, run, lambda: None):
                await signals.asked.wait()
    finally:
        thread.close()


COMMANDS = {"web": web_command}
