from pathlib import Path

from nurture.config import Config, read_config

ROOT = Path("/shop")


def read(text: str | None, **environment: str):
    return read_config(ROOT, text, environment)


def test_no_file_is_all_defaults():
    config, problems = read(None)
    assert problems == ()
    assert config == Config("sqlite:////shop/nurture.db", ROOT / "outbox", ROOT / ".nurture" / "installation.json")


def test_every_key_arrives():
    text = """
mode = "test"
[store]
url = "postgresql://db/shop"
[folder]
path = "mails"
[deliver]
only_to = ["lena@shop.example"]
"""
    config, problems = read(text)
    assert problems == ()
    assert config is not None
    assert (config.mode, config.store_url, config.folder) == ("test", "postgresql://db/shop", ROOT / "mails")
    assert config.only_to == ("lena@shop.example",)


def test_an_address_for_links_that_nothing_answers_yet_is_refused():
    config, problems = read('[web]\nurl = "https://shop.example"\n')
    assert config is None
    assert [(p.code, str(p.place)) for p in problems] == [("E110", "config.toml:2:1")]
    assert "mailto:" in problems[0].hint
    assert read('[web]\nurl = ""\n')[1] == ()  # as earlier projects have it: nothing is asked for


def test_the_environment_may_hold_the_url():
    config, _ = read('[store]\nurl_env = "SHOP_DB"\n', SHOP_DB="postgresql://u:p@db/shop")
    assert config is not None
    assert config.store_url == "postgresql://u:p@db/shop"


def test_an_absolute_sqlite_file_stays_where_it_is():
    config, _ = read('[store]\nurl = "sqlite:////var/shop.db"\n')
    assert config is not None
    assert config.store_url == "sqlite:////var/shop.db"


def test_all_problems_at_once_each_with_its_line():
    text = 'mode = "tset"\n\n[store]\nulr = "x"\nurl = 3\nurl_env = "NOT_SET"\n[deliver]\nonly_to = [1]\n'
    config, problems = read(text)
    assert config is None
    found = [(p.code, str(p.place), p.hint) for p in problems]
    assert found == [
        ("E114", "config.toml:1:1", "one of: live, test"),
        ("E110", "config.toml:4:1", "did you mean 'store.url'?"),
        ("E114", "config.toml:5:1", "write it in quotes"),
        ("E115", "config.toml:6:1", "export NOT_SET=…, or take the line out"),
        ("E114", "config.toml:8:1", "write it in [ ]"),
    ]


def test_what_is_not_toml_has_its_place():
    _, problems = read('mode = "live"\n[store\n')
    assert [(p.code, p.place.line) for p in problems] == [("E100", 2)]
