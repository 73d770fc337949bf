"""The verbs that do the work: run, rebuild."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import click

from nurture.cli.command import Asked, Instant, command
from nurture.cli.edge import FINDINGS, FINE, TROUBLE
from nurture.cli.output import answer, plural, say, say_all, say_next
from nurture.cli.progress import progress

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from nurture.config import Config
    from nurture.daemon import Web
    from nurture.engine.applying import LiveBook
    from nurture.engine.run import Run
    from nurture.engine.webhooks import Called
    from nurture.engine.workshop import Workshop
    from nurture.wiring import Holder


@command(
    "run",
    "nurture run                                         the daemon, until it is stopped",
    "nurture run --once                                  decide and hand over what is due, then stop",
    "nurture run --dry-run                               the same, but stop before anything is written",
    "nurture run --dry-run --at '2027-03-08 10:00'       as if it were then",
)
@click.option("--once", is_flag=True, help="One round, then stop; for cron and for tests.")
@click.option("--dry-run", is_flag=True, help="Show what would go; write and send nothing.")
@click.option("--accept", is_flag=True, help="Go on with a store that was copied or restored; a person has looked.")
@click.option("--at", type=Instant(), help="Only with --dry-run: as if it were that moment.")
@click.option("--log", type=click.Choice(["text", "json"]), help="How the daemon writes its log, to standard error.")
def run_command(asked: Asked, once: bool, dry_run: bool, accept: bool, at: datetime | None, log: str | None) -> int:
    """Decide for everybody for whom something fell due, and hand the mails over; without an option, for years."""
    if once and dry_run:
        raise click.UsageError("say --once or --dry-run, or neither for the daemon")
    if at and not dry_run:
        raise click.UsageError("--at goes only with --dry-run")
    if log and (once or dry_run):
        raise click.UsageError("--log goes only with the daemon")
    if dry_run:
        return try_round(asked, at)
    return one_round(asked, accept) if once else keep_running(asked, accept, asked.json or log == "json")


def keep_running(asked: Asked, accept: bool, json: bool) -> int:
    """`run`: the daemon. It ends by SIGTERM or Ctrl-C."""
    from nurture.engine.collecting import uncollected

    with uncollected():  # modules are no garbage, and a tenth of loading them goes into looking for some
        from nurture import observe
        from nurture.daemon import serve
        from nurture.wiring import configuration, ready_to_send

    config = configuration(asked.root)
    ready_to_send(config)
    observe.show_on_stderr(json)

    return lived(serve(asked.root, doors(config), accept))


def lived(life: "Coroutine[Any, Any, bool]") -> int:
    """The life of a daemon or a worker, which answers whether it ended in good order."""
    import asyncio

    from nurture.cli.tracing import traced
    from nurture.engine.memory import shared_by_all_threads

    shared_by_all_threads()

    async def whole() -> None:
        if not await life:
            sys.stderr.flush()
            os._exit(TROUBLE)  # something still hangs in what it was doing, and Python would wait for it

    with traced():
        asyncio.run(whole())
    return FINE


def doors(config: "Config") -> "Web | None":
    """The web part and /metrics, as far as config.toml gives them a place; None when it gives neither."""
    return web_part(config.web_listen) if config.web_listen or config.metrics_listen else None


def web_part(listen: tuple[str, int] | None) -> "Web":
    """The web part as the daemon opens it beside itself, and /metrics; StateError when nothing can listen there."""

    @asynccontextmanager
    async def beside(
        shop: "Workshop",
        live: "Callable[[], LiveBook | None]",
        clock: "Callable[[], datetime]",
        run: "Run",
        arrived: "Callable[[], None]",
    ) -> AsyncIterator[None]:
        from nurture import observe
        from nurture.web.app import application, serving
        from nurture.web.health import meters
        from nurture.wiring import stopwatch

        async with AsyncExitStack() as open_doors:
            if listen is not None:
                host, port = listen
                await open_doors.enter_async_context(serving(application(shop, live, clock, run, arrived), host, port))
                observe.note(observe.WEB_LISTENS, host=host, port=port)
            if shop.config.metrics_listen is not None:
                figures = meters(shop, live, clock, run, stopwatch())
                await open_doors.enter_async_context(serving(figures, *shop.config.metrics_listen, key="web.metrics"))
            yield

    return beside


def one_round(asked: Asked, accept: bool) -> int:
    """`run --once`."""
    from nurture.engine.accepting import accept as accept_store
    from nurture.engine.accepting import accepted as with_new_owner
    from nurture.engine.accepting import accepted_lines
    from nurture.engine.hand_over import hand_over_all
    from nurture.engine.tick import refuse_leap, tick
    from nurture.wiring import alone, configuration, live, now, ready_to_send, workshop

    ready_to_send(configuration(asked.root))
    with alone(asked.root, wait) as daemon, ExitStack() as open_shop:
        if daemon is not None:
            return leave_it_to(daemon, asked, accept)
        shop = open_shop.enter_context(workshop(asked.root))
        book = live(shop.store)
        moment = now()
        if accept:
            held = accept_store(shop, book, moment)
            shop = with_new_owner(shop)
        else:
            held = 0
            refuse_leap(shop.store, moment)
        take_in(shop, book, moment)
        with progress("deciding", shop.store.counts().people) as tell:
            ticked = tick(shop.store, book.book, moment, tell)
        called = call_all(shop, book)
        if called.answered:
            ticked.add(tick(shop.store, book.book, now()))  # those who waited for an answer go on in this round
        with progress("handing over", ticked.intents) as tell:
            handed = hand_over_all(shop, book, now(), tell=tell, clock=now)
        handed.in_doubt_before += held
        left = list(accepted_lines(shop, book.book, moment)) if accept else []
    if asked.json:
        answer({"at": moment, **ticked.counts(), **handed.document(), "webhooks": called.states})
        return TROUBLE if handed.stuck else FINE
    if ticked.decided_until:
        until = f"{ticked.decided_until:%Y-%m-%d %H:%M}"
        say(f"All up to {until} UTC was decided before; nothing new falls due until then. Is the clock right?")
    say(f"{plural(ticked.people, 'person', 'people')} looked at, {plural(ticked.intents, 'mail')} decided")
    say_all(called.words())
    say_all(handed.words(shop.config.folder))
    say_all(left)
    say_next("nurture show PERSON", "nurture explain PERSON")
    return TROUBLE if handed.stuck else FINE


def take_in(shop: "Workshop", book: "LiveBook", now: datetime) -> None:
    """Read what a web part has kept since the last round, so that whoever refused meanwhile has no mail in this one."""
    from nurture.engine.news import judge_clicks
    from nurture.engine.taking import take_received

    while take_received(shop, book, now):
        continue
    judge_clicks(shop, now)


def call_all(shop: "Workshop", book: "LiveBook") -> "Called":
    """Make the calls of other systems that are due, before the mails, tell the shop's people, and prune a little."""
    import asyncio

    from nurture.engine.alarm_mails import AlarmMails
    from nurture.engine.alarms import Watch
    from nurture.engine.forgetting import Telling
    from nurture.engine.hand_over import directly
    from nurture.engine.notices import Notices
    from nurture.engine.pruning import Pruner
    from nurture.engine.webhooks import Calling
    from nurture.wiring import now

    async def whole() -> "Called":
        called = await Calling(shop, lambda: book, now, directly).round()
        try:
            Watch().look(shop, book.book, now())
            await Notices(shop).send(book, now(), directly)
            await AlarmMails(shop).send(book, now(), directly)
            await Telling(shop).send(now())
        finally:
            await shop.provider.close()
        Pruner().turn(shop, book.book.rules.keep, now(), people=0)
        return called

    return asyncio.run(whole())


def leave_it_to(daemon: "Holder", asked: Asked, accept: bool) -> int:
    """`run --once` beside a daemon, which does the work, unless it hangs. Only a start takes --accept."""
    from nurture.engine.faults import StateError
    from nurture.engine.status import ago, is_silent
    from nurture.wiring import now, workshop

    who = f"a {daemon.kind} (process {daemon.process}, since {daemon.since:%Y-%m-%d %H:%M} UTC) is at work here"
    if accept:
        raise StateError(f"{who}. Stop it, run `nurture run --once --accept`, and start it again.")
    with workshop(asked.root) as shop:
        moment = now()
        silent = [one for one in shop.store.runners() if one.process == daemon.process and is_silent(one, moment)]
    if silent:
        words = f"{who}, but said last {ago(moment - silent[0].seen_at)} ago that it lives"
        raise StateError(f"{words}. Nothing was done here. See whether it hangs; end it, and start it again.")
    if asked.json:
        answer({"daemon": {"process": daemon.process, "since": daemon.since}})
        return FINE
    say(f"{who}, and decides and hands over by itself.")
    say_next("nurture status", "nurture show PERSON")
    return FINE


def wait() -> None:
    """Say why nothing happens yet."""
    click.echo("another run is at work; waiting for it", err=True)


def try_round(asked: Asked, at: datetime | None) -> int:
    """`run --dry-run`: the same code, stopped before commit."""
    from nurture.engine.dry_run import dry_run
    from nurture.engine.switches import switch_lines
    from nurture.wiring import live, now, workshop

    with workshop(asked.root) as shop:
        book = live(shop.store)
        with progress("deciding", shop.store.counts().people) as tell:
            found = dry_run(shop, book, at, now(), tell)
        switches = shop.store.switches()
    if asked.json:
        answer(found)
        return FINE
    say_all(found.lines())
    say_all(switch_lines(switches))
    say_next("nurture run --once", "nurture explain PERSON")
    return FINE


@command("rebuild", "nurture rebuild      recompute, compare, and say what differed")
def rebuild_command(asked: Asked) -> int:
    """Recompute everything that follows from the events, and prove it equal to what is stored. Starts nothing."""
    from nurture.engine.rebuilding import rebuild
    from nurture.wiring import live, now, workshop

    with workshop(asked.root) as shop:
        book = live(shop.store).book
        with progress("rebuilding", shop.store.counts().people) as tell:
            found = rebuild(shop.store, book, now(), tell)
    if asked.json:
        answer(found)
    else:
        say_all(found.lines())
        say_next("nurture run --once" if found.equal else "nurture explain PERSON")
    return FINE if found.equal else FINDINGS


COMMANDS = {"run": run_command, "rebuild": rebuild_command}
