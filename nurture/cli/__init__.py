"""The command line: one file per family of verbs, and one edge where errors become exit codes."""

import gc


def main() -> None:
    """Run `nurture` and leave with the exit code of language.md 11."""
    from nurture.cli.edge import run

    code = run()
    gc.freeze()  # a tenth of a check went into looking for garbage among what ends with the process anyway
    raise SystemExit(code)
