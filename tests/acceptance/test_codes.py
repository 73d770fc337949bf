"""Codes of gifts by the command: a pool is taken in at apply, filled later, and told by status and doctor."""

MADE, POOL = '{make: "SHIP-{8}"}', "{pool: codes/shipping.csv}"


def test_a_pool_is_taken_in_at_apply_and_filled_later(project):
    gifts = project.root / "sequences" / "house" / "gifts.yaml"
    text = gifts.read_text(encoding="utf-8")
    assert MADE in text, "the starter book makes its codes"
    gifts.write_text(text.replace(MADE, POOL), encoding="utf-8")
    refused = project.run("apply")
    assert refused.code == 1
    assert "there is no file of codes: codes/shipping.csv (free_shipping)" in refused.err
    file = project.root / "codes" / "shipping.csv"
    file.parent.mkdir()
    file.write_text("code\nONE\nTWO\n", encoding="utf-8")
    assert "2 new codes for free_shipping." in project.ok("apply").out
    assert "free_shipping 2 left, 0 given   <- fill its pool" in project.ok("codes").out
    file.write_text("ONE\nTWO\nTHREE\n", encoding="utf-8")
    assert "1 new code for free_shipping." in project.ok("codes", "add").out
    assert "No code is new." in project.ok("codes", "add").out
    assert "free_shipping 3 left, 0 given (nurture codes)" in project.ok("status").out
    file.write_text("TWO\nTHREE\n", encoding="utf-8")
    assert "1 code of free_shipping set aside: not in its file any more." in project.ok("codes", "add").out
    assert "free_shipping 2 left, 0 given, 1 set aside" in project.ok("codes", "again").out
    file.write_text("ONE\nTWO\nTHREE\n", encoding="utf-8")
    assert "1 code of free_shipping in its file again." in project.ok("codes", "add").out
    assert "free_shipping 3 left, 0 given" in project.run("doctor").out
