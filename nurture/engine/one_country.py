"""The tables of public holidays, of those countries only that are asked for."""

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType


def one_country_at_a_time() -> None:
    """From now on `holidays` loads a country when it is asked for; where it is loaded already, nothing changes.

    By itself its package of countries loads all 250 for one: 8 MB and 0.07 seconds. So it stands there bare, with
    the place of its modules and nothing read.
    """
    found = None if "holidays" in sys.modules else find_spec("holidays")
    if found is not None and found.submodule_search_locations:
        bare = ModuleType("holidays.countries", "Its countries are loaded one by one.")
        bare.__path__ = [str(Path(folder) / "countries") for folder in found.submodule_search_locations]
        sys.modules.setdefault(bare.__name__, bare)
