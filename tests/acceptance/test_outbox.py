import json


def stuck(shop, count):
    """A project whose mails wait, since the folder they go to is in the way."""
    project = shop(count)
    (project.root / "outbox").write_text("in the way", encoding="utf-8")
    assert project.run("run", "--once").code == 4
    return project


def test_what_waits_is_shown_and_one_mail_can_be_dropped_with_a_reason(shop):
    project = stuck(shop, 2)
    shown = project.ok("outbox").out
    assert "2 waiting" in shown
    assert "we_got_your_message" in shown
    document = json.loads(project.ok("outbox", "--waiting", "--json").out)
    assert document["counts"] == {"planned": 2}
    first = document["mails"][0]
    assert project.run("outbox", "drop", first["key"][:10]).code == 64
    assert "is dropped" in project.ok("outbox", "drop", first["key"][:10], "--because", "the price was wrong").out
    assert project.run("outbox", "resend", first["key"][:10], "--because", "a test").code == 1
    (project.root / "outbox").unlink()
    project.ok("run", "--once")
    assert len(project.mails) == 1
    told = project.ok("explain", first["person"], "--mail", "we_got_your_message").out
    assert "by hand: dropped by" in told
    assert "the price was wrong" in told
    assert "Nothing of that kind" in project.ok("outbox").out


def test_nothing_is_held_without_a_brake_and_release_says_so(shop):
    project = shop(1)
    assert "0 mails let go, 0 held" in project.ok("release").out
    assert json.loads(project.ok("release", "--all", "--json").out) == {"released": 0, "held": 0}
    assert project.run("release", "3", "--all").code == 64


def test_who_must_not_have_mail_is_imported_or_declared_to_be_nobody(shop):
    project = shop(1)
    assert "Kept: none, said by" in project.ok("import", "suppressions", "--none").out
    assert project.run("import", "contacts", "--none").code == 64
    assert project.run("import", "suppressions").code == 64
    (project.root / "left.csv").write_text("email\nc0@shop.example\n", encoding="utf-8")
    assert "never written to" in project.ok("import", "suppressions", "left.csv").out
    project.ok("run", "--once")
    assert project.mails == []
