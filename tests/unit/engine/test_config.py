import re
from datetime import timedelta
from pathlib import Path

import pytest

from nurture.config import KEYS, PROVIDERS, Config, loopback, read_config, sending_problems

ROOT = Path("/shop")
EXAMPLE = Path(__file__).parents[3] / "config.example.toml"
SENDGRID = '[provider]\nname = "sendgrid"\n[sendgrid]\nkey_env = "KEY"\n'
SMTP = '[provider]\nname = "smtp"\n[smtp]\nhost = "mail.example"\n'
WEB = '[web]\nurl = "https://mail.shop.example"\n'


def read(text: str | None, **environment: str):
    return read_config(ROOT, text, environment)


def good(text: str, **environment: str) -> Config:
    config, problems = read(text, **environment)
    assert problems == ()
    assert config is not None
    return config


def findings(text: str, **environment: str) -> list[tuple[str, str]]:
    return [(problem.code, str(problem.place)) for problem in read(text, **environment)[1]]


def test_no_file_is_all_defaults():
    config, problems = read(None)
    assert problems == ()
    assert config == Config("sqlite:////shop/nurture.db", ROOT / "outbox", ROOT / ".nurture" / "installation.json")


def test_every_key_arrives():
    config = good(
        """
mode = "test"
[store]
url = "postgresql://db/shop"
[provider]
name = "smtp"
[folder]
path = "mails"
[sendgrid]
url = "https://api.eu.sendgrid.com/"
key_env = "KEY"
[smtp]
host = "mail.example"
port = 465
security = "tls"
user = "mailer"
password_env = "WORD"
[rate]
per_second = 0.5
[web]
url = "https://mail.shop.example:8443/"
listen = "[::1]:8080"
[tick]
every = "2 minutes"
[deliver]
only_to = ["lena@shop.example"]
""",
        KEY="k",
        WORD="w",
    )
    assert config == Config(
        "postgresql://db/shop",
        ROOT / "mails",
        ROOT / ".nurture" / "installation.json",
        provider="smtp",
        only_to=("lena@shop.example",),
        mode="test",
        sendgrid_url="https://api.eu.sendgrid.com",
        sendgrid_key="k",
        smtp_host="mail.example",
        smtp_port=465,
        smtp_security="tls",
        smtp_user="mailer",
        smtp_password="w",  # noqa: S106  (no secret: what the test put into the environment)
        rate_per_second=0.5,
        web_url="https://mail.shop.example:8443",
        web_listen=("::1", 8080),
        tick_every=timedelta(minutes=2),
    )


def test_secrets_are_not_shown():
    config = good(SENDGRID, KEY="SG.secret")
    assert config.sendgrid_key == "SG.secret"
    assert "SG.secret" not in repr(config)


def test_a_dotted_key_above_all_tables_is_the_same_key():
    assert good('web.url = "https://shop.example"\n').web_url == "https://shop.example"
    assert findings('tick.every = "soon"\n') == [("E114", "config.toml:1:1")]


def test_the_environment_may_hold_the_url():
    assert good('[store]\nurl_env = "SHOP_DB"\n', SHOP_DB="postgresql://u:p@db/shop").store_url == (
        "postgresql://u:p@db/shop"
    )


def test_an_absolute_sqlite_file_stays_where_it_is():
    assert good('[store]\nurl = "sqlite:////var/shop.db"\n').store_url == "sqlite:////var/shop.db"


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


@pytest.mark.parametrize(
    "line",
    [
        'mode = ""',
        'store.url = ""',
        'provider.name = "pigeon"',
        'folder.path = " "',
        "smtp.port = 0",
        "smtp.port = 65536",
        "smtp.port = true",
        "smtp.port = 25.0",
        'smtp.port = "25"',
        'smtp.security = "ssl"',
        "smtp.host = 3",
        "rate.per_second = true",
        "rate.per_second = 0",
        "rate.per_second = -1",
        "rate.per_second = nan",
        "rate.per_second = inf",
        "rate.per_second = 1000000",
        'rate.per_second = "50"',
        'tick.every = "0 seconds"',
        'tick.every = "61 minutes"',
        'tick.every = "2 hours"',
        'tick.every = "5s"',
        "tick.every = 5",
        'tick.every = "1 day"',
        'web.listen = "8080"',
        'web.listen = ":8080"',
        'web.listen = "127.0.0.1:0"',
        'web.listen = "127.0.0.1:65536"',
        'web.listen = "::1:8080"',
        "web.listen = 8080",
        'web.url = "http://shop.example"',
        'web.url = "http://127.0.0.1.shop.example"',
        'web.url = "https://"',
        'web.url = "shop.example"',
        'web.url = "ftp://shop.example"',
        'web.url = "https://shop.example/mail"',
        'web.url = "https://shop.example?a=b"',
        'web.url = "https://shop.example?"',
        'web.url = "https://shop.example#a"',
        'web.url = "https://me:word@shop.example"',
        'web.url = "https://shop.example:99999"',
        'web.url = "https://[::1"',
        'web.url = "https://shop .example"',
        'web.url = "https://größe.example"',
        "web.url = true",
        'sendgrid.url = "http://api.sendgrid.com"',
        'deliver.only_to = "lena@shop.example"',
        'deliver.only_to = ["shop.example"]',
    ],
)
def test_a_value_that_is_not_understood_is_a_finding_with_a_cure(line: str):
    config, (problem, *others) = read(line + "\n")
    assert config is None
    assert others == []
    assert (problem.code, str(problem.place)) == ("E114", "config.toml:1:1")
    assert line.partition(" ")[0] in problem.message
    assert problem.hint


@pytest.mark.parametrize(
    ("line", "name", "meant"),
    [
        ('web.url = "http://localhost:8080"', "web_url", "http://localhost:8080"),
        ('web.url = "http://127.9.9.9"', "web_url", "http://127.9.9.9"),
        ('web.url = "http://[::1]:8080/"', "web_url", "http://[::1]:8080"),
        ('web.url = ""', "web_url", ""),
        ('web.listen = "10.0.0.9:80"', "web_listen", ("10.0.0.9", 80)),
        ('web.listen = ""', "web_listen", None),
        ("rate.per_second = 50", "rate_per_second", 50.0),
        ('tick.every = "1 second"', "tick_every", timedelta(seconds=1)),
        ('tick.every = "1 hour"', "tick_every", timedelta(hours=1)),
    ],
)
def test_what_a_value_means(line: str, name: str, meant: object):
    assert getattr(good(line + "\n"), name) == meant


def test_only_this_machine_is_loopback():
    assert all(loopback(host) for host in ("localhost", "LOCALHOST", "127.0.0.1", "127.255.0.9", "::1", "[::1]"))
    assert not any(loopback(host) for host in ("shop.example", "128.0.0.1", "::2", "10.0.0.9", "localhost.example"))


def test_what_a_provider_needs_is_said_at_its_table():
    assert findings('mode = "live"\n  [provider]\nname = "sendgrid"\n') == [("E115", "config.toml:2:3")]
    assert findings('mode = "live"\n[provider]\nname = "smtp"\n') == [("E115", "config.toml:2:1")]
    assert findings('provider.name = "smtp"\n') == [("E115", "config.toml:1:1")]
    assert findings(SMTP + 'user = "mailer"\n') == [("E115", "config.toml:1:1")]
    assert findings(SMTP + 'password_env = "WORD"\n', WORD="w") == [("E115", "config.toml:1:1")]


def test_a_password_never_travels_in_the_clear():
    login = 'user = "mailer"\npassword_env = "WORD"\nsecurity = "none"\n'
    assert findings(SMTP + login, WORD="w") == [("E114", "config.toml:7:1")]
    assert findings(SMTP.replace("mail.example", "127.0.0.1") + login, WORD="w") == []


@pytest.mark.parametrize("environment", [{}, {"KEY": ""}])
def test_an_unset_secret_is_a_finding_that_keeps_only_sending_from_starting(environment: dict[str, str]):
    config, problems = read(SENDGRID + WEB, **environment)
    assert [(p.code, str(p.place)) for p in problems] == [("E115", "config.toml:4:1")]
    assert config is not None  # `explain` needs no key
    assert sending_problems(config) == problems
    assert sending_problems(good(SENDGRID + WEB, KEY="k")) == ()


def test_the_line_end_behind_a_secret_is_no_part_of_it():
    config, problems = read(SENDGRID + WEB, KEY="SG.secret\r\n")
    assert (config and config.sendgrid_key, problems) == ("SG.secret", ())


@pytest.mark.parametrize("key", ["SG.a\nSG.b", "SG.sécret", "SG.\x1b"])
def test_a_key_that_cannot_be_said_keeps_sending_from_starting(key: str):
    config, problems = read(SENDGRID + WEB, KEY=key)
    assert config is not None
    assert "holds signs that no key has" in problems[0].message
    assert key not in str(problems)
    assert sending_problems(config) == problems


def test_the_secrets_of_a_provider_that_is_not_in_use_may_be_unset():
    assert findings('[sendgrid]\nkey_env = "KEY"\n[smtp]\npassword_env = "WORD"\n') == []


def test_no_mail_leaves_without_an_address_where_readers_can_leave():
    for text in (SMTP, SENDGRID):
        (problem,) = sending_problems(good(text, KEY="k"))
        assert "web.url" in problem.message
        assert sending_problems(good(text + WEB, KEY="k")) == ()
        assert sending_problems(good(text + '[web]\nurl = "http://127.0.0.1:8080"\n', KEY="k")) == ()
    assert sending_problems(good("")) == ()


# The example


def example_lines() -> list[tuple[str, bool]]:
    """Every key of the example, and whether it is written out."""
    table, found = "", []
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if header := re.match(r"\[(\w+)\]", line):
            table = f"{header[1]}."
        elif key := re.match(r"(# )?(\w+) = ", line):
            found.append((f"{table}{key[2]}", not key[1]))
    return found


def test_the_example_writes_out_what_has_a_default_and_only_that():
    written = dict(example_lines())
    assert len(written) == len(example_lines())
    assert written == {name: key.default not in ("", None) for name, key in KEYS.items()}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_example_with_every_example_taken_reads_without_a_finding(provider: str):
    whole = re.sub(r"^# (\w+ = )", r"\1", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    whole = whole.replace('name = "folder"', f'name = "{provider}"')
    secrets = {"NURTURE_STORE_URL": "sqlite:///a.db", "SMTP_PASSWORD": "w", "SENDGRID_KEY": "k"}
    config = good(whole, **secrets)
    assert (config.provider, sending_problems(config)) == (provider, ())
    assert config.store_url.endswith("/a.db")


def test_what_the_example_says_of_other_values_is_true():
    said = EXAMPLE.read_text(encoding="utf-8")
    for word in re.findall(r"^name = .*?# (.*);", said, flags=re.MULTILINE)[0].replace(" or", ",").split(", "):
        assert word.strip('"') in PROVIDERS
    assert good('[sendgrid]\nurl = "https://api.eu.sendgrid.com"\n').sendgrid_url in said
    for line in ('mode = "test"', 'tick.every = "1 second"', 'tick.every = "1 hour"', 'smtp.security = "tls"'):
        assert good(line + "\n")


@pytest.mark.parametrize("key", ["sendgrid.key_env", "smtp.password_env", "store.url_env"])
def test_a_secret_written_where_a_variable_s_name_belongs_is_never_repeated(key: str):
    (problem,) = read(f'{key} = "SG.a-secret"\n')[1]
    assert (problem.code, str(problem.place)) == ("E114", "config.toml:1:1")
    assert "a-secret" not in f"{problem.message}{problem.hint}"


@pytest.mark.parametrize("key", list(KEYS))
def test_an_empty_table_where_a_value_belongs_is_wrong(key: str):
    assert [code for code, _ in findings(f"{key} = {{}}\n")][:1] == ["E114"]
    assert findings("[deliver]\n[smtp]\n[web]\n") == []
    assert findings("[delivery]\n") == [("E110", "config.toml:1:1")]


@pytest.mark.parametrize("key", ["store.url", "folder.path", "smtp.host"])
def test_what_nobody_sees_stands_in_no_path_and_no_name(key: str):
    assert findings(f'{key} = "a\\u0000b"\n') == [("E114", "config.toml:1:1")]


@pytest.mark.parametrize("place", ["..:80", "a..b:80", "a:٨٠", f"{'a' * 64}.example:80"])
def test_what_is_no_host_is_not_listened_at(place: str):
    assert findings(f'web.listen = "{place}"\n') == [("E114", "config.toml:1:1")]


def test_sendgrid_needs_an_address():
    text = SENDGRID + 'url = ""\n'
    assert findings(text, KEY="k") == [("E115", "config.toml:1:1")]


@pytest.mark.parametrize(
    "host", ["a..b", "http://mail.example", "mail example", " ", "mail.example:587", "[::1]", "m\u00e4il.example"]
)
def test_what_is_no_host_is_no_mail_server(host: str):
    assert findings(f'smtp.host = "{host}"\n') == [("E114", "config.toml:1:1")]


@pytest.mark.parametrize("host", ["", "localhost", "127.0.0.1", "::1", "smtp.shop.example", "mail_relay"])
def test_a_mail_server_has_a_name_or_a_number(host: str):
    assert findings(f'smtp.host = "{host}"\n') == []


def test_the_address_of_a_store_is_taken_as_hosts_write_it_and_never_split_at_an_at() -> None:
    written = '[store]\nurl_env = "SHOP_STORE"\n'
    config, problems = read_config(Path("/shop"), written, {"SHOP_STORE": "postgres://nurture:x%40y@db/shop"})
    assert (config and config.store_url, problems) == ("postgresql://nurture:x%40y@db/shop", ())
    config, problems = read_config(Path("/shop"), written, {"SHOP_STORE": "postgresql://nurture:x@secret@db/shop"})
    assert config is None
    assert [(one.place.line, "%40" in str(one.hint), "secret" in str(one)) for one in problems] == [(2, True, False)]
