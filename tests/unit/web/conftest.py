"""One shop is made; each test has a copy of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .site import Shop, copied, make_shop, opened


@pytest.fixture(scope="session")
def made_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("web")
    make_shop(root)
    return root


@pytest.fixture
def root(tmp_path: Path, made_shop: Path) -> Path:
    return copied(made_shop, tmp_path / "shop")


@pytest.fixture
def shop(root: Path) -> Iterator[Shop]:
    with opened(root) as shop:
        yield shop
