"""The yardstick's shop in django-drip-campaigns; run by the Python of its own environment, never imported by ours.

`python yardstick_shop.py make DATABASE PEOPLE HTML`, then `… tick DATABASE`: one run of `send_drips`, told as JSON.
A person's `date_joined` is when they joined, `last_login` when they last ordered. Mails go to Django's `locmem`.
"""

# mypy: ignore-errors
import json
import sys
import time
from datetime import timedelta
from pathlib import Path

import django
from django.conf import settings

RULES = {
    "welcome_1": (("date_joined", "gte", "now-1 days"),),
    "welcome_2": (("date_joined", "lte", "now-3 days"), ("date_joined", "gte", "now-4 days")),
    "welcome_3": (("date_joined", "lte", "now-7 days"), ("date_joined", "gte", "now-8 days")),
    "lapse": (("last_login", "lte", "now-60 days"), ("last_login", "gte", "now-61 days")),
}


def configure(database: str) -> None:
    """Django as its documentation begins, with addresses by which readers can leave."""
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "drip"],
        EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        DRIP_FROM_EMAIL="hello@kestrel.example",
        DRIP_UNSUBSCRIBE_USERS=True,
        ROOT_URLCONF="drip.urls",
        SECRET_KEY="yardstick",  # noqa: S106 - of a made-up shop
        USE_TZ=True,
    )
    django.setup()


def make(people: int, html: Path, newcomers: int) -> None:
    """So many people; one in `newcomers` joined today and never ordered, the others' orders are not sixty days old."""
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.utils import timezone
    from drip.models import Drip, QuerySetRule

    call_command("migrate", verbosity=0)
    now, body = timezone.now(), html.read_text(encoding="utf-8")
    for name, rules in RULES.items():
        drip = Drip.objects.create(name=name, enabled=True, subject_template="Hello", body_html_template=body)
        for field, lookup, value in rules:
            QuerySetRule.objects.create(drip=drip, field_name=field, lookup_type=lookup, field_value=value)
    made = []
    for number in range(people):
        new = number % newcomers == 0
        joined = now - (timedelta(minutes=20) if new else timedelta(days=100 + number % 900))
        ordered = None if new else now - timedelta(days=1 + number % 50, minutes=number % 600)
        name, address = f"Reader {number}", f"reader{number}@crowd.example"
        made.append(User(username=f"c{number}", first_name=name, email=address, date_joined=joined, last_login=ordered))
    User.objects.bulk_create(made, batch_size=5_000)


def tick() -> None:
    """One run of what its documentation puts into cron."""
    from django.core import mail
    from django.core.management import call_command

    mail.outbox = []
    wall, worked = time.perf_counter(), time.process_time()
    call_command("send_drips")
    told = {"seconds": time.perf_counter() - wall, "processor_seconds": time.process_time() - worked}
    sizes = [len(one.message().as_bytes()) for one in mail.outbox]
    print(json.dumps(told | {"mails": len(sizes), "bytes": sum(sizes)}))


if __name__ == "__main__":
    what, where, *more = sys.argv[1:]
    configure(where)
    if what == "make":
        make(int(more[0]), Path(more[1]), int(more[2]))
    else:
        tick()
