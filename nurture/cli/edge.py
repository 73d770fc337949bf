"""The one place where an error becomes a message and an exit code (language.md 11)."""

import os
import sys
from collections.abc import Iterator, Sequence

import click

from nurture.cli.group import VERBS, nurture

FINE, FINDINGS, CHANGES, DECISION, TROUBLE, USAGE = 0, 1, 2, 3, 4, 64
UNREADABLE_URL = ("NoSuchModuleError", "ArgumentError")  # of sqlalchemy; their words may hold a password
DRIVERS = ("psycopg", "psycopg2", "MySQLdb", "oracledb", "cx_Oracle", "pyodbc")
STOPPED = 130  # what shells say of a command ended by Ctrl-C


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and answer its exit code; nothing is raised to the caller."""
    try:
        answer = nurture.main(
            args=None if arguments is None else list(arguments),
            prog_name="nurture",
            standalone_mode=False,
            color=False if "NO_COLOR" in os.environ else None,
        )
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as mistake:
        mistake.show()
        return in_one_document(arguments, mistake.format_message(), USAGE)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped. What was done so far is kept; the same command goes on from there.", err=True)
        return STOPPED
    except BrokenPipeError:
        sys.stderr.close()
        return FINE
    except Exception as error:  # noqa: BLE001 - the edge: whatever happens leaves as words and a code
        return in_one_document(arguments, str(error), explain_fault(error))
    return answer if isinstance(answer, int) else FINE


def in_one_document(arguments: Sequence[str] | None, message: str, code: int) -> int:
    """Under --json even a fault is one document on standard output, beside the words for people."""
    import json

    if "--json" in (sys.argv[1:] if arguments is None else arguments):
        click.echo(json.dumps({"error": message, "code": code}, ensure_ascii=False))
    return code


def explain_fault(error: Exception) -> int:
    """Say what went wrong: a fault in its own words, anything else as a report ready to paste."""
    from nurture.engine.faults import FaultError, MisuseError, RefusedError

    if isinstance(error, FaultError):
        click.echo(f"nurture: {error}", err=True)
        return USAGE if isinstance(error, MisuseError) else FINDINGS if isinstance(error, RefusedError) else TROUBLE
    if type(error).__name__ in UNREADABLE_URL:
        urls = 'url = "sqlite:///nurture.db" or "postgresql://user@host/database"'
        click.echo(f"nurture: the address of the store is not understood; write {urls}", err=True)
        return TROUBLE
    if isinstance(error, ModuleNotFoundError) and error.name in DRIVERS:
        words = f"the address of the store needs the Python package {error.name}, which is not here"
        how = "pip install 'nurture[postgres]'" if error.name == "psycopg" else "install it"
        click.echo(f'nurture: {words}; {how}, or write url = "sqlite:///nurture.db"', err=True)
        return TROUBLE
    if type(error).__module__.startswith("sqlalchemy"):
        from nurture.store.world_faults import in_words, said_by

        words = said_by(error) if getattr(error, "orig", None) else str(error)
        remedy = in_words(error)
        click.echo(f"nurture: the store cannot be used: {words}{f': {remedy}' if remedy else ''}", err=True)
        return TROUBLE
    if isinstance(error, UnicodeEncodeError) and error.reason == "surrogates not allowed":
        click.echo("nurture: what you wrote is not UTF-8, and nothing was changed; set the terminal to UTF-8", err=True)
        return USAGE
    if isinstance(error, OSError) and error.strerror:
        from nurture.store.world_faults import in_words

        words = ": ".join(map(str, filter(None, (error.filename, error.strerror, in_words(error)))))
        click.echo(f"nurture: {words}", err=True)
        return TROUBLE
    return report(error)


def report(error: Exception) -> int:
    """An error nobody foresaw: the whole trace, so that it can be pasted into a report; nobody is named in it.

    What an error says may quote whom it fell over, and so may the command: a report has only the types of errors,
    the places in the code, the verb and the names of options.
    """
    import platform
    import traceback

    click.echo("nurture: this should not have happened. Please report it with the lines below.", err=True)
    click.echo(f"  python {platform.python_version()} · {' '.join(map(_told, sys.argv[1:]))}", err=True)
    for one in reversed(list(_chain(error))):
        click.echo("Traceback (most recent call last):", err=True)
        click.echo("".join(traceback.format_tb(one.__traceback__)), err=True, nl=False)
        click.echo(f"{type(one).__module__}.{type(one).__name__}", err=True)
    return TROUBLE


def _told(word: str) -> str:
    """A word of the command line as it may be shown to strangers: a verb, or the name of an option."""
    if word.startswith("--"):
        return word.partition("=")[0]
    return word if word in VERBS else "…"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error, and those that it came from."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)
