"""The wheel carries all it needs: beside what it asks for and nothing else, it makes a working project."""

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


def call(*words: str | Path, folder: Path) -> str:
    """Run a command with an empty HOME and nothing inherited; what it printed, and it must have gone well."""
    clean = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "NO_COLOR": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(words, cwd=folder, env=clean, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    words = (sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder)
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True, timeout=300)
    (built,) = folder.glob("nurture-*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A venv of its own with the wheel, and links to the packages that its metadata asks for: no others."""
    folder = tmp_path_factory.mktemp("environment")
    call(sys.executable, "-m", "venv", "--without-pip", folder / "venv", folder=folder)
    python = folder / "venv" / "bin" / "python"
    install = ("install", "--quiet", "--no-deps", "--no-index", wheel)
    call(sys.executable, "-m", "pip", "--python", python, *install, folder=folder)
    packages = folder / "packages"
    packages.mkdir()
    for name in sorted(needed("nurture") - {"nurture"}):
        for entry in installed_entries(name):
            (packages / entry.name).symlink_to(entry)
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (site / "needed.pth").write_text(f"{packages}\n")
    return folder / "venv" / "bin"


def needed(name: str, seen: frozenset[str] = frozenset()) -> frozenset[str]:
    """A package with everything it needs, extras left out."""
    if name in seen:
        return seen
    seen |= {name}
    for line in distribution(name).requires or []:
        wanted = Requirement(line)
        if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
            seen |= needed(canonicalize_name(wanted.name), seen)
    return seen


def installed_entries(name: str) -> Iterator[Path]:
    """The files and folders directly in site-packages that belong to a package."""
    found = distribution(name)
    tops = {file.parts[0] for file in found.files or [] if file.parts[0] not in ("..", "__pycache__")}
    return (Path(str(found.locate_file(top))) for top in sorted(tops))


def test_the_wheel_carries_the_starter_book_and_the_migrations(wheel: Path) -> None:
    carried = set(zipfile.ZipFile(wheel).namelist())
    for folder, inside in (
        ("sequences", "_starter/sequences"),
        ("templates", "_starter/templates"),
        ("migrations", "_migrations"),
        ("nurture", "."),  # pages, words, styles and frames beside the code
    ):
        files = [file for file in (ROOT / folder).rglob("*") if file.is_file() and "__pycache__" not in file.parts]
        assert files
        wanted = {(PurePosixPath("nurture", inside) / file.relative_to(ROOT / folder)).as_posix() for file in files}
        assert wanted <= carried, wanted - carried
    assert {"nurture/_starter/config.example.toml", "nurture/py.typed"} <= carried
    assert not [name for name in carried if name.startswith(("tests/", "benchmarks/", "sequences/", "migrations/"))]


def test_the_environment_holds_the_wheel_and_no_tool_of_the_checkout(environment: Path, tmp_path: Path) -> None:
    where = call(environment / "python", "-c", "import nurture; print(nurture.__file__)", folder=tmp_path)
    assert Path(where.strip()).is_relative_to(environment.parent)
    look = "import importlib.util as u, sys; print([name for name in sys.argv[1:] if u.find_spec(name)])"
    tools = ("pytest", "hypothesis", "ruff", "sendgrid", "holidays")
    assert call(environment / "python", "-c", look, *tools, folder=tmp_path).strip() == "[]"


def test_init_makes_a_working_project(environment: Path, tmp_path: Path) -> None:
    nurture = environment / "nurture"
    call(nurture, "init", "shop", folder=tmp_path)
    shop = tmp_path / "shop"
    ours = {file.relative_to(ROOT) for file in (ROOT / "sequences").rglob("*.yaml")}
    assert ours <= {file.relative_to(shop) for file in (shop / "sequences").rglob("*.yaml")}
    assert (shop / "config.toml").is_file()
    assert " 0 errors" in call(nurture, "check", folder=shop)
    assert " mails in 5 languages" in call(nurture, "preview", "--all", folder=shop)
    assert "welcome" in call(nurture, "apply", folder=shop)
    assert (shop / "nurture.db").is_file()
