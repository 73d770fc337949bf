"""The page on security says what is so: every test that it names exists, and every row says how it stands."""

import ast
import re
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
ROW = re.compile(r"^\| (V\d[^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$", re.MULTILINE)
LEVEL_2 = ROOT / "tests" / "data" / "asvs-4.0.3-level-2.txt"
NOT_HERE = "does not apply: "
SHELLS = {"os.system", "os.popen", "eval", "exec", "compile", "pickle.loads", "pickle.load", "marshal.loads"}


def functions(file: Path) -> set[str]:
    """The names of a module's own functions."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_named_test_exists() -> None:
    named = NAMED.findall(PAGE.read_text(encoding="utf-8"))
    missing = [
        f"{file}::{test}" for file, test in named if not (ROOT / file).is_file() or test not in functions(ROOT / file)
    ]
    assert missing == []
    assert len(named) > 60


def test_every_row_has_a_test_or_says_that_it_is_open_or_why_it_does_not_apply() -> None:
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    bare = [row[0] for row in rows if not NAMED.search(row[3]) and "**open**" not in row[2]]
    assert [row[0] for row in rows if row[0] in bare and not row[1].strip().startswith(NOT_HERE)] == []
    assert [row[0] for row in rows if row[1].strip().startswith(NOT_HERE) and len(row[1].strip()) < 24] == []


def asked(row: str) -> list[str]:
    """The requirements that a row is about: `V2.1.1 to V2.1.3, V2.5.4`."""
    found = []
    for part in row.strip().split(", "):
        first, _, last = part.partition(" to ")
        section, _, number = first.rpartition(".")
        assert not last or last.startswith(f"{section}."), part
        found += [f"{section}.{one}" for one in range(int(number), int((last or first).rpartition(".")[2]) + 1)]
    return found


def test_every_requirement_of_level_2_has_its_row_once_and_in_order() -> None:
    """The list: every requirement of levels 1 and 2 of ASVS 4.0.3 that was not deleted from it, by its own number."""
    wanted = LEVEL_2.read_text(encoding="utf-8").split()
    assert (len(wanted), len(set(wanted))) == (259, 259)
    found = [one for row in ROW.findall(PAGE.read_text(encoding="utf-8")) for one in asked(row[0])]
    assert sorted(found) == sorted(wanted)
    firsts = [tuple(map(int, asked(row[0])[0][1:].split("."))) for row in ROW.findall(PAGE.read_text(encoding="utf-8"))]
    assert [one[0] for one in firsts] == sorted(one[0] for one in firsts)


def test_how_rows_are_counted() -> None:
    assert asked("V2.1.9 to V2.1.11, V3.1.1 ") == ["V2.1.9", "V2.1.10", "V2.1.11", "V3.1.1"]


@lru_cache(maxsize=1)
def product() -> dict[str, ast.Module]:
    """Every module of the product, by its path."""
    files = sorted((ROOT / "nurture").rglob("*.py"))
    return {str(one.relative_to(ROOT / "nurture")): ast.parse(one.read_text(encoding="utf-8")) for one in files}


def imports(tree: ast.Module) -> set[str]:
    """What a module imports, wherever in it, as dotted names."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{one.name}" for one in node.names}
    return found


def importers(*names: str) -> set[str]:
    return {file for file, tree in product().items() if imports(tree) & set(names)}


def test_what_must_be_central_is_in_one_place() -> None:
    """Who checks a signature or a key, and who writes a log."""
    assert importers("hmac") == {
        "links.py", "engine/api_keys.py", "deliver/shopify.py", "deliver/woocommerce.py", "deliver/stripe.py",
        "web/letters.py",
    }  # fmt: skip
    assert importers("cryptography", "ecdsa", "cryptography.hazmat.primitives.asymmetric.ec") == {
        "deliver/sendgrid_signature.py"
    }
    writers = {
        file
        for file, tree in product().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("logging.info", "logging.warning", "_LOG.log")
    }
    assert writers == {"observe.py"}


def test_only_these_modules_can_speak_to_a_network() -> None:
    speaks = importers(
        "aiohttp", "socket", "smtplib", "http.client", "urllib.request", "ssl", "asyncio.open_connection"
    )
    assert {one for one in speaks if not one.startswith(("deliver/", "web/"))} == {"store/installation.py"}
    tree = product()["store/installation.py"]
    used = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert {one for one in used if one.startswith("socket.")} == {"socket.gethostname"}


def test_no_weak_algorithm_is_used() -> None:
    weak = re.compile(r"\b(md5|sha1|des3?|rc4|blowfish|ecb|uuid1|uuid4)\b", re.IGNORECASE)
    names = {
        f"{file}: {found[0]}"
        for file, tree in product().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute) and (found := weak.search(ast.unparse(node).rpartition(".")[2]))
    }
    assert names == set()
    assert weak.search("hashlib.md5")


def test_no_header_that_anybody_can_write_decides_anything() -> None:
    """Origin, Referer and what proxies add are not read: who asks is known by a token, a key or a signature."""
    believed = re.compile(r"forwarded|x-real-ip|^origin$|^referer$|^host$", re.IGNORECASE)
    words = {
        f"{file}: {node.value}"
        for file, tree in product().items()
        if file.startswith("web/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and believed.search(node.value)
    }
    assert words == set()


def test_the_product_starts_no_shell_and_evaluates_nothing() -> None:
    found = []
    for file, tree in product().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                shell = any(word.arg == "shell" for word in node.keywords)
                if name in SHELLS or shell or name.startswith(("subprocess.", "os.exec", "os.spawn")):
                    found.append(f"nurture/{file}: {name}")
    assert sorted(found) == [
        "nurture/cli/applying.py: subprocess.run",  # git, by a list of words, for the commit of an apply
        "nurture/model/quick.py: exec",  # both write methods of the names of our own fields,
        "nurture/model/values.py: exec",  # as the standard library's dataclasses do
    ]
    assert "shell=" not in (ROOT / "nurture/cli/applying.py").read_text(encoding="utf-8")


def test_the_search_for_shells_finds_one() -> None:
    tree = ast.parse("eval('1')\n")
    assert [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)] == ["eval"]
    assert "eval" in SHELLS
