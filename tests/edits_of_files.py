"""Random edits of the little shop's files, as a marketer makes them between two applies."""

import random  # noqa: TID251 - which edits to make: the tests' choice, not nurture's
from collections.abc import Callable

from tests import little_shop

Files = dict[str, bytes]


def first_files() -> Files:
    """The little shop with a postal address, and a mail that shows its code."""
    found = little_shop.files()
    _change(found, "house/rules", "zone: Europe/Paris\n", "zone: Europe/Paris\npostal_address: 1 High Street\n")
    found["templates/thank_you/en.md"] = b"---\nsubject: Thanks\n---\nYour code is {{ code }}.\n"
    return found


def _change(files: Files, name: str, old: str, new: str) -> bool:
    path = f"sequences/{name}.yaml"
    text = files.get(path, b"").decode()
    if old not in text:
        return False
    files[path] = text.replace(old, new).encode()
    return True


def rename_step(files: Files, chance: random.Random) -> None:
    """The first mail is called otherwise, and its template with it."""
    new = f"how_was_it_{chance.randrange(10**6)}"
    text = files["sequences/after_order.yaml"].decode()
    old = next(word for word in text.replace("{send: ", "send: ").split("send: ")[1].replace(",", " ").split()).strip(
        "}"
    )
    head = text.split("send: ")[0]
    line = text[len(head) :].splitlines()[0]
    head = head.removesuffix("{")
    rest = text[text.index(line) + len(line) :]
    files["sequences/after_order.yaml"] = f"{head}{{send: {new}, was: {old}}}{rest}".encode()
    files[f"templates/{new}/en.md"] = files.pop(f"templates/{old}/en.md")


def other_lengths(files: Files, chance: random.Random) -> None:
    """Waits are longer or shorter."""
    _change(files, "after_order", "up_to: 7 days", f"up_to: {chance.randrange(2, 12)} days")
    for before in range(2, 12):
        if _change(files, "after_order", f"until_day: {before},", f"until_day: {chance.randrange(2, 12)},"):
            return


def take_a_step_out(files: Files, chance: random.Random) -> None:
    """The reminder of the card goes, and who waits for it goes on or leaves."""
    where = chance.choice(["next", "stop"])
    steps = "              - wait: 14 days\n              - {send: card_reminder, if: gifts.thanks.used == false}\n"
    if _change(files, "after_order", steps, ""):
        gone = f"removed: [{{step: card_reminder, people_there: {where}}}]\nstop_when:"
        _change(files, "after_order", "stop_when:", gone)


def weights(files: Files, chance: random.Random) -> None:
    """The split has other shares."""
    for digest in _digests(files):
        _change(files, digest, "way: promise, weight: 1", f"way: promise, weight: {chance.randrange(2, 9)}")


def longer(files: Files, chance: random.Random) -> None:
    """A sequence has one mail more at its end, now and then for newcomers only."""
    mail = f"more_{chance.randrange(10**6)}"
    files[f"templates/{mail}/en.md"] = b"---\nsubject: More\n---\nHello.\n"
    name = chance.choice(["after_order", *_digests(files), "cups"])
    _change(files, name, "steps:\n", f"on_change: {chance.choice(['move', 'finish_old'])}\nsteps:\n" if (
        b"on_change" not in files[f"sequences/{name}.yaml"]) else "steps:\n")  # fmt: skip
    text = files[f"sequences/{name}.yaml"].decode()
    files[f"sequences/{name}.yaml"] = f"{text}  - wait: {chance.randrange(1, 9)} days\n  - {{send: {mail}}}\n".encode()


def _digests(files: Files) -> list[str]:
    return [path[len("sequences/") : -len(".yaml")] for path in files if path.startswith("sequences/digest")]


def rename_sequence(files: Files, chance: random.Random) -> None:
    """The digest is called otherwise."""
    for old in _digests(files):
        new = f"digest_{chance.randrange(10**6)}"
        text = files.pop(f"sequences/{old}.yaml").decode()
        lines = [line for line in text.splitlines() if not line.startswith("was:")]
        lines[0] = f"sequence: {new}\nwas: {old}"
        files[f"sequences/{new}.yaml"] = ("\n".join(lines) + "\n").encode()


def rename_topic(files: Files, _chance: random.Random) -> None:
    """Tips are called advice."""
    if _change(files, "house/topics", "tips: {title: {en: Tips}}", "advice: {title: {en: Tips}, was: tips}"):
        for path in files:
            if path.startswith("sequences/") and b"topic: tips" in files[path]:
                files[path] = files[path].replace(b"topic: tips", b"topic: advice")


def house_rules(files: Files, chance: random.Random) -> None:
    """Other limits, another gap, other hours."""
    for hours in range(1, 40):
        if _change(files, "house/rules", f"min_gap: {hours} hours", f"min_gap: {chance.randrange(1, 40)} hours"):
            break
    _change(files, "house/rules", "max: 3, within: 7 days", f"max: {chance.randrange(2, 4)}, within: 7 days")
    _change(files, "house/rules", "from: 20:30", f"from: {chance.choice(['19:00', '21:30'])}")


def stages(files: Files, _chance: random.Random) -> None:
    """Who bought once is not a buyer yet, or again is one."""
    if not _change(files, "house/stages", "count >= 1", "count >= 2"):
        _change(files, "house/stages", "count >= 2", "count >= 1")


def status(files: Files, chance: random.Random) -> None:
    """A sequence is closed, paused or live."""
    name = chance.choice(["cups", "renewal", "after_order"])
    for before in ("live", "closed", "paused"):
        if _change(
            files, name, f"status: {before}\n", f"status: {chance.choice(['live', 'live', 'closed', 'paused'])}\n"
        ):
            return


EDITS: tuple[Callable[[Files, random.Random], None], ...] = (
    rename_step, other_lengths, take_a_step_out, weights, longer, rename_sequence, rename_topic, house_rules, stages,
    status,
)  # fmt: skip
