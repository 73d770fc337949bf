"""Photographs every mail of the starter book in Chromium, and fails on what no reader should see.

    python -m tools.pictures [--into pictures] [--mails welcome_hello,...] [--locales en,...]

The mails are those that `nurture preview` writes, for a made-up reader of each locale; phone and desktop, light and
dark. Beside them it lays a contact sheet for each locale (sheet-ar.png) and an overview (mails.png).
"""

import argparse
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nurture.engine.preview import Desk, preview, read_tree, sending_of
from nurture.engine.preview_mail import for_a_browser
from nurture.engine.preview_reader import made_up_reader
from nurture.links import Links
from nurture.model.place import Problem
from nurture.render.locales import direction

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
LINKS = Links("https://mail.kestrel.example", b"links of a picture act on nobody", "kestrel_coffee")
NAMES = {"en": "Salma", "tr": "Zeynep", "ar": "سلمى", "he": "נועה", "hy": "Անի"}
WIDTHS = {"phone": 375, "desktop": 900}
SCHEMES = ("light", "dark")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip
LARGEST = 400_000  # bytes of the overview, which stands in the README
SHOWN = (
    ("en", "welcome_hello"), ("ar", "one_recipe"), ("tr", "slow_filter_morning"), ("he", "happy_birthday"),
    ("hy", "sampler_invitation"), ("en", "first_bag_check_in"),
)  # fmt: skip

EXAMINE = """() => {
  const found = [], root = document.documentElement;
  if (root.scrollWidth > innerWidth) found.push(`is ${root.scrollWidth} px wide in ${innerWidth}`);
  for (const one of document.querySelectorAll('body *')) {
    const { left, right, width } = one.getBoundingClientRect();
    if (width > 1 && one.checkVisibility() && (left < -1 || right > innerWidth + 1))
      found.push(`<${one.tagName.toLowerCase()}> sticks out, from ${left} to ${right} px`);
  }
  for (const one of document.images)
    if (!one.complete || !one.naturalWidth) found.push(`the picture '${one.alt}' does not show`);
  if (document.body.innerText.trim().length < 200) found.push('has hardly a word');
  const parsed = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (one) => {
    for (; one; one = one.parentElement) {
      const colour = parsed(getComputedStyle(one).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return matchMedia('(prefers-color-scheme: dark)').matches ? [0, 0, 0] : [255, 255, 255];
  };
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const text = words.currentNode.data.trim(), one = words.currentNode.parentElement;
    if (!text || !one.checkVisibility() || !one.getClientRects().length) continue;
    const style = getComputedStyle(one), size = parseFloat(style.fontSize);
    if (size < 13) found.push(`'${text.slice(0, 30)}' is ${size} px small`);
    const [a, b] = [light(parsed(style.color)), light(ground(one))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const enough = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
    if (contrast < enough) found.push(`'${text.slice(0, 30)}' has a contrast of ${contrast.toFixed(2)}`);
  }
  for (const one of document.querySelectorAll('.button a, .foot a')) {
    const height = one.getBoundingClientRect().height;
    if (height < 44) found.push(`'${one.innerText}' is ${height} px high, too small for a finger`);
  }
  return found;
}"""


@dataclass(frozen=True, slots=True)
class Page:
    """One mail in one locale, as a page that shows its pictures without a network."""

    mail: str
    locale: str
    html: str


def pages(mails: Sequence[str] = (), locales: Sequence[str] = ()) -> Iterator[Page]:
    """The mails of the starter book, each for a made-up reader of each locale. RuntimeError where one is none."""
    tree = read_tree(ROOT)
    desk = Desk(tree.book, tree.files, LINKS, NOW)
    for locale in locales or tree.book.rules.locales:
        for mail in mails or sorted(tree.book.mails):
            sending = sending_of(desk.book, mail, "")
            reader = made_up_reader(tree.book, sending.sequence, NOW)
            facts = {**reader.person.facts, "locale": locale, "first_name": NAMES[locale]}
            known = replace(reader, person=replace(reader.person, facts=facts))
            for variant in sorted(tree.book.mails[mail].variants) or [""]:
                shown = preview(replace(desk, variant=variant), sending, known)
                if isinstance(shown, Problem):
                    raise RuntimeError(f"{shown.place.file}:{shown.place.line}: {shown.message}")
                name = ".".join(part for part in (mail, variant) if part)
                yield Page(name, locale, for_a_browser(shown.email.html, shown.pictures))


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium, as installed on this machine."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        try:
            yield found
        finally:
            found.close()


@contextmanager
def opened(chromium: Any, page: Page, width: int, scheme: str) -> Iterator[Any]:
    """The mail in a tab of this width and colour scheme; nothing is fetched from anywhere."""
    tab = chromium.new_page(viewport={"width": width, "height": 700}, color_scheme=scheme)
    try:
        tab.route("**/*", lambda route: route.abort())
        tab.set_content(page.html, wait_until="load")
        yield tab
    finally:
        tab.close()


def faults(tab: Any, locale: str) -> list[str]:
    """What is wrong with the mail in this tab: its width, pictures, words, contrast, targets, direction."""
    found = [str(one) for one in tab.evaluate(EXAMINE)]
    root = tab.evaluate("[document.documentElement.lang, document.documentElement.dir]")
    if root != [locale, direction(locale)]:
        found.append(f"says lang and dir {root}")
    return found


def photographed(chromium: Any, page: Page, into: Path) -> list[str]:
    """Four pictures of a mail; its faults, each with the picture that shows it."""
    said = []
    for device, width in WIDTHS.items():
        for scheme in SCHEMES:
            with opened(chromium, page, width, scheme) as tab:
                name = f"{page.mail}-{page.locale}-{device}-{scheme}.png"
                tab.screenshot(path=into / name, full_page=True)
                said += [f"{name}: {fault}" for fault in faults(tab, page.locale)]
    return said


def laid_out(chromium: Any, html: str, into: Path, name: str, width: int, scale: float = 1) -> None:
    """A page of pictures as a picture of its own; `html` names them relative to the folder."""
    sheet = into / f"{name}.html"
    sheet.write_text(f"<!doctype html><meta charset=utf-8>{html}", encoding="utf-8")
    tab = chromium.new_page(viewport={"width": width, "height": 400}, device_scale_factor=scale)
    tab.goto(sheet.as_uri(), wait_until="load")
    tab.screenshot(path=into / f"{name}.png", full_page=True)
    tab.close()
    sheet.unlink()


def contact_sheet(chromium: Any, mails: Sequence[str], locale: str, into: Path) -> None:
    """Every mail of a locale: desktop and phone in light, both in dark."""
    rows = "".join(
        f"<figure><figcaption>{mail}</figcaption>"
        + "".join(
            f'<img src="{mail}-{locale}-{device}-{scheme}.png" style="width:{WIDTHS[device] * 0.39}px">'
            for scheme in SCHEMES
            for device in reversed(WIDTHS)
        )
        + "</figure>"
        for mail in mails
    )
    style = (
        "<style>body{margin:20px;background:#999;font:14px sans-serif;display:grid;"
        "grid-template-columns:1fr 1fr;gap:24px}figure{margin:0}img{vertical-align:top;margin:4px}</style>"
    )
    laid_out(chromium, style + rows, into, f"sheet-{locale}", 2160)


def overview(chromium: Any, into: Path) -> None:
    """A few mails side by side, light above dark, small enough for a README."""
    rows = "".join(
        "<div>" + "".join(f'<img src="{mail}-{locale}-phone-{scheme}.png">' for locale, mail in SHOWN) + "</div>"
        for scheme in SCHEMES
    )
    style = (
        "<style>body{margin:0;padding:22px;background:#d9c9b4}div{display:flex;gap:18px;margin-bottom:18px}"
        "div:last-child{margin:0}img{width:250px;height:400px;object-fit:cover;object-position:top;border-radius:14px}"
        "</style>"
    )
    for scale in (1, 0.9, 0.8, 0.7, 0.6, 0.5):
        laid_out(chromium, style + rows, into, "mails", 1634, scale)
        if (into / "mails.png").stat().st_size <= LARGEST:
            return
    raise RuntimeError(f"the overview stays over {LARGEST} bytes")


def main() -> int:
    """Take the pictures; 1 when any mail has a fault."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--into", type=Path, default=ROOT / "pictures", help="folder of the pictures")
    asked.add_argument("--mails", default="", help="only these, with commas between")
    asked.add_argument("--locales", default="", help="only these, with commas between")
    given = asked.parse_args()
    given.into.mkdir(parents=True, exist_ok=True)
    taken = list(pages([m for m in given.mails.split(",") if m], [one for one in given.locales.split(",") if one]))
    with browser() as chromium:
        said = [fault for page in taken for fault in photographed(chromium, page, given.into)]
        for locale in dict.fromkeys(page.locale for page in taken):
            contact_sheet(chromium, [page.mail for page in taken if page.locale == locale], locale, given.into)
        if {(page.locale, page.mail) for page in taken} >= set(SHOWN):
            overview(chromium, given.into)
    print("\n".join(said) or f"{len(taken)} mails, {len(taken) * 4} pictures, no fault: {given.into}")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
