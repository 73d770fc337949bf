"""Files written anew without a change of what they say: `fmt` and `convert` (language.md 2, 5.5)."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from nurture.engine.faults import MisuseError, RefusedError
from nurture.language.convert import converted
from nurture.language.layout import laid_out
from nurture.language.names import did_you_mean
from nurture.model.values import dataclass

SPELLINGS = (".yaml", ".yml", ".toml")


@dataclass(frozen=True, slots=True)
class Laid:
    """What `fmt` found: files that differ from the one layout, and those with mistakes, which are left alone."""

    files: int
    changed: tuple[str, ...]
    broken: tuple[str, ...]


def lay_out(root: Path, wanted: Sequence[str], *, write: bool, quote: bool) -> Laid:
    """Bring files into the one layout; a file whose mistakes keep it from being read is left as it is."""
    files, changed, broken = 0, [], []
    for path in _files(root, wanted):
        if path.suffix == ".toml":
            continue
        files += 1
        name, before = path.relative_to(root).as_posix(), path.read_bytes()
        after = laid_out(before, name, quote=quote)
        if after is None:
            broken.append(name)
        elif after != before:
            changed.append(name)
            if write:
                path.write_bytes(after)
    return Laid(files, tuple(changed), tuple(broken))


@dataclass(frozen=True, slots=True)
class Turned:
    """A file in its other spelling: what was written, what was taken away, and the comments that were lost."""

    written: str
    removed: str
    comments: int


def turn(root: Path, wanted: str) -> Turned:
    """Turn a YAML file into TOML, or back. RefusedError when it has mistakes or the other file is there already."""
    (path,) = _files(root, (wanted,))
    name = path.relative_to(root).as_posix()
    found = converted(path.read_bytes(), name)
    if found is None:
        raise RefusedError(f"{name} has mistakes that keep it from being read: `nurture check` shows them.")
    target = root / found.path
    if target.exists():
        raise RefusedError(f"{found.path} is there already; take one of the two away first.")
    target.write_bytes(found.data)
    path.unlink()
    return Turned(found.path, name, found.comments)


def _files(root: Path, wanted: Sequence[str]) -> Iterator[Path]:
    """The files named, by path or by name; all of sequences/ when none is. MisuseError for one that is not there."""
    everything = sorted(path for path in (root / "sequences").rglob("*") if path.suffix in SPELLINGS)
    if not wanted:
        yield from everything
        return
    for name in wanted:
        inside = (root / name).resolve()
        here = (path for path in everything if path.resolve() in (inside, Path(name).resolve()) or path.stem == name)
        found = next(here, None)
        if found is None:
            near = did_you_mean(Path(name).stem, [path.stem for path in everything])
            raise MisuseError(f"there is no file {name} in sequences/{f'; {near}' if near else '.'}")
        yield found
