"""The `nurture` group: every verb with its one line of help, loaded only when it is asked for."""

from importlib import import_module

import click

# verb: (module, what it does). The order is the order of `nurture --help`.
VERBS: dict[str, tuple[str, str]] = {
    "init": ("files", "Make a new project from the starter book."),
    "new": ("files", "Start a new sequence or mail from a library piece."),
    "check": ("checking", "Find every mistake in the files, with line, column and cure."),
    "ls": ("listing", "List the sequences, or draw the map of what each stage is given."),
    "fmt": ("rewriting", "Bring YAML files into one layout; what they say stays."),
    "convert": ("rewriting", "Turn a file from YAML into TOML, or back."),
    "schema": ("checking", "Write the JSON Schemas that let an editor complete the files."),
    "diff": ("planning", "Show in words how the files differ from what is live."),
    "plan": ("planning", "Show what an apply would change, and what happens to people inside."),
    "apply": ("applying", "Make the files live, after checking them."),
    "import": ("importing", "Take in contacts, orders, events and consents from a CSV file."),
    "preview": ("previewing", "Show a mail in every language, or a sequence day by day."),
    "test": ("testing", "Run the test files: who gets what, held against what is expected."),
    "simulate": ("trying", "Show what the next days will send, without sending."),
    "backtest": ("trying", "Show who would have had what, had this book been live then."),
    "explain": ("people", "Say why somebody did or did not get a mail."),
    "show": ("people", "Show where somebody stands in everything, and what is next."),
    "ways": ("ways", "Compare the ways of a sequence's splits: which brings more?"),
    "run": ("running", "Decide and hand over the mail that is due."),
    "worker": ("working", "Share the work of run with other workers, on PostgreSQL, from any machine."),
    "web": ("serving", "Answer the web alone: links, posts from outside, signs of life."),
    "received": ("receiving", "Show what came from outside and could not be read; read it again."),
    "sync": ("receiving", "Read whom the provider itself does not write to; nothing is lifted by it."),
    "status": ("operating", "Show what runs, what waits, what comes next."),
    "outbox": ("outbox", "Show what waits, is held or in doubt, and act on one mail."),
    "release": ("outbox", "Let mail go that the brake holds."),
    "enrol": ("enrolling", "Take people into a sequence on purpose."),
    "drafts": ("drafts", "Show what waits for approval; approve, rewrite or drop it."),
    "tasks": ("tasks", "Show what the shop's people have to do; take one, finish one."),
    "replies": ("replies", "Show what readers wrote, and who is to answer; take in raw mails."),
    "codes": ("codes", "Show what is left of every gift, and fill the pools of codes."),
    "webhooks": ("webhooks", "Show the calls of other systems, and act on one."),
    "keys": ("keys", "Make and revoke the keys with which other systems tell us of people."),
    "secrets": ("secrets", "Draw a new secret for the links in mails; old links keep working."),
    "export-person": ("rights", "Put all that is known of somebody into an archive, for them."),
    "merge": ("rights", "Make one contact of two who are the same person."),
    "forget": ("rights", "Erase somebody for good, and never write to them again."),
    "doctor": ("examining", "Say what is wrong around the project, and what to do."),
    "halt": ("operating", "Hold all sending, at once."),
    "unhalt": ("operating", "Let sending go on."),
    "pause": ("operating", "Hold the mail of a sequence."),
    "resume": ("operating", "Take back a pause or a stop."),
    "stop": ("operating", "End a sequence for all inside, after asking."),
    "backup": ("backing_up", "Copy the store into one checked file, while all goes on."),
    "restore": ("backing_up", "Put a backup in the store's place; it starts halted."),
    "move-store": ("moving", "Take the whole shop to another database."),
    "rebuild": ("running", "Recompute everything that follows from the events, and prove it equal."),
    "prune": ("pruning", "Let go what is older than the house rules keep."),
    "upgrade": ("upgrading", "Bring an older store to the tables of this nurture."),
    "replay": ("replaying", "Take decisions again from the journal, and prove them equal."),
    "demo": ("demonstrating", "See it all work on a made-up shop, in a folder of its own."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported only when they are run or asked for help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is click's
        """All verbs, in the order in which people meet them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Import the verb's family and take its command out of it."""
        if cmd_name not in VERBS:
            return None
        module = import_module(f"nurture.cli.{VERBS[cmd_name][0]}")
        command: click.Command = module.COMMANDS[cmd_name]
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but with the nearest verb named when there is none of that name."""
        verb = args[0] if args else ""
        if verb and not verb.startswith("-") and verb not in VERBS:
            from difflib import get_close_matches

            near = get_close_matches(verb, VERBS, n=1)
            cure = f"; did you mean '{near[0]}'?" if near else "; `nurture --help` lists them all."
            raise click.UsageError(f"there is no command '{verb}'{cure}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """The list of verbs from the table above: nothing is imported for it."""
        with formatter.section("Commands"):
            formatter.write_dl([(verb, words) for verb, (_, words) in VERBS.items()])

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """An example first, as in the help of every command."""
        formatter.write(EXAMPLE)
        super().format_help(ctx, formatter)


EXAMPLE = """\
Example:
  nurture init my_shop          a project with a complete starter book
  nurture check                 are all files right?
  nurture simulate --days 14    who would get what?

"""


def show_version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    """Print the version; looked up only when asked, since it costs time."""
    if not wanted or ctx.resilient_parsing:
        return
    from importlib.metadata import version

    click.echo(f"nurture {version('nurture')}")
    ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=show_version, help="Print the version."
)
def nurture() -> None:
    """Relationship marketing from plain files. Nothing is sent without `nurture apply`.

    PERSON is an id or an address. The project is --project, else the nearest folder above with sequences/.
    """
