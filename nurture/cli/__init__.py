"""The command line: one file per family of verbs, and one edge where errors become exit codes."""


def main() -> None:
    """Run `nurture` and leave with the exit code of language.md 11."""
    from nurture.cli.edge import run

    raise SystemExit(run())
