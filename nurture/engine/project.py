"""A project on disk: where it is, and its files as bytes keyed by their path (language.md 3)."""

from pathlib import Path

from nurture.engine.faults import MisuseError, RefusedError

SEQUENCE_ENDINGS = (".yaml", ".yml", ".toml")
FOLDERS = ("sequences", "templates")


def find_project(wanted: Path | None, here: Path) -> Path:
    """The wanted folder, else the nearest one above `here` that holds sequences/."""
    if wanted is not None:
        if not (wanted / "sequences").is_dir():
            raise MisuseError(
                f"{wanted} is not a project: it has no folder sequences/. `nurture init {wanted}` makes one."
            )
        return wanted.resolve()
    for folder in (here, *here.parents):
        if (folder / "sequences").is_dir():
            return folder
    raise MisuseError("there is no project here: no folder above has sequences/. `nurture init my_shop` makes one.")


def read_files(root: Path) -> dict[str, bytes]:
    """Every file of sequences/ and templates/ by its posix path from the root, in a fixed order.

    RefusedError for a link to nothing: to go on without its file would be to change the book unasked.
    """
    paths = [path for folder in FOLDERS for path in (root / folder).rglob("*") if not hidden(path.relative_to(root))]
    dead = [path.relative_to(root).as_posix() for path in paths if path.is_symlink() and not path.exists()]
    if dead:
        raise RefusedError(f"{min(dead)} is a link to a file that is not there; mend the link, or take it away.")
    wanted = sorted(path for path in paths if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in wanted}


def hidden(path: Path) -> bool:
    """Whether an editor or a system left it there: a leading dot or a trailing tilde."""
    return path.name.endswith("~") or any(part.startswith(".") for part in path.parts)
