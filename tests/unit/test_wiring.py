import threading
from pathlib import Path

import pytest

from nurture.deliver.folder import Folder
from nurture.engine.faults import RefusedError
from nurture.engine.starter import make_project
from nurture.links import UNSUBSCRIBE, verify
from nurture.store.runner import Runner
from nurture.wiring import DAEMON, ONCE, RunLock, alone, configuration, gone, holder_of, now, ready_to_send, workshop

WEB = '[web]\nurl = "https://mail.shop.example"\n'
SENDGRID = '[provider]\nname = "sendgrid"\n[sendgrid]\nkey_env = "SHOP_KEY"\n'
SMTP = '[provider]\nname = "smtp"\n[smtp]\nhost = "127.0.0.1"\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_project(tmp_path)
    return tmp_path


def configure(root: Path, *parts: str) -> None:
    (root / "config.toml").write_text("".join(parts), encoding="utf-8")


def nobody_waits() -> None:
    raise AssertionError("nobody holds the lock")


def test_the_provider_is_the_one_that_is_named(root, monkeypatch):
    monkeypatch.setenv("SHOP_KEY", "SG.secret")
    for text, name in (("", "folder"), (SENDGRID, "sendgrid"), (SMTP, "smtp")):
        configure(root, text, WEB)
        with workshop(root) as shop:
            assert shop.provider.name == name
            assert "SG.secret" not in repr(shop)
    configure(root, "")
    with workshop(root) as shop:
        assert shop.provider == Folder(root / "outbox")


def test_a_config_saved_with_a_byte_order_mark_is_read(root):
    (root / "config.toml").write_text('mode = "test"\n', encoding="utf-8-sig")
    with workshop(root) as shop:
        assert shop.config.mode == "test"


def test_links_are_made_where_there_is_a_web_address_and_stay_good_at_the_next_start(root):
    with workshop(root) as shop:
        assert shop.links is None
    configure(root, WEB)
    with workshop(root) as shop:
        assert shop.links is not None
        address = shop.links.unsubscribe("p1", "news", "k1")
    assert address.startswith("https://mail.shop.example/u/")
    with workshop(root) as shop:
        assert shop.links is not None
        token = verify(address.rpartition("/")[2], shop.store.secrets("links"), UNSUBSCRIBE)
        assert token is not None
        assert (token.person, token.subject, token.project) == ("p1", "news", "")  # whose it is, the secret says
        assert shop.links.unsubscribe("p1", "news", "k1") == address


def test_what_keeps_from_sending_is_said_all_at_once_and_only_there(root):
    configure(root, SENDGRID)
    config = configuration(root)  # asking needs neither
    with pytest.raises(RefusedError) as refused:
        ready_to_send(config)
    assert "SHOP_KEY" in str(refused.value)
    assert "web.url" in str(refused.value)
    configure(root, "")
    ready_to_send(configuration(root))


def test_a_single_round_goes_alone_and_leaves_the_lock(root):
    for _ in range(2):
        with alone(root, nobody_waits) as daemon:
            assert daemon is None


def test_a_single_round_does_not_wait_for_a_daemon(root):
    lock = RunLock(root)
    assert lock.take(DAEMON) is None
    with alone(root, nobody_waits) as daemon:
        assert daemon is not None
        assert daemon.kind == DAEMON
    lock.release()


def test_a_single_round_waits_for_another_and_says_so_once(root):
    lock, told = RunLock(root), threading.Event()
    assert lock.take(ONCE) is None

    def wait() -> None:
        assert not told.is_set()
        told.set()
        threading.Timer(0.5, lock.release).start()

    with alone(root, wait) as daemon:
        assert daemon is None
    assert told.is_set()


def test_a_lock_whose_holder_has_not_written_yet_is_nobodys_daemon():
    for said in ("", "{}", "half", '{"kind": "daemon"}'):
        assert (holder_of(said).kind, holder_of(said).process) == (ONCE, 0)


def test_a_daemon_of_this_installation_is_gone_when_nobody_has_its_lock(root):
    with workshop(root) as shop:
        ours, theirs = (Runner(name, 7, "1", now(), now(), now(), "at work") for name in (shop.owner, "another"))
        left = Runner(shop.owner, 7, "1", now(), now(), None, "ended")
    lock, is_gone = RunLock(root), gone(root)
    assert [is_gone(one) for one in (ours, theirs, left)] == [True, False, False]
    assert lock.take(DAEMON) is None
    assert not is_gone(ours)
    lock.release()
    assert is_gone(ours)
    assert lock.take(DAEMON) is None, "asking has not taken it"
    lock.release()
