from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.web.site import Shop, copied, make_shop, opened


@pytest.fixture(scope="session")
def made_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with its book applied, to be copied."""
    root = tmp_path_factory.mktemp("pages")
    make_shop(root)
    return root


@pytest.fixture
def shop(tmp_path: Path, made_shop: Path) -> Iterator[Shop]:
    """A copy of it, whose links lead to wherever its web part is served."""
    with opened(copied(made_shop, tmp_path / "shop"), web_url="") as shop:
        yield shop
