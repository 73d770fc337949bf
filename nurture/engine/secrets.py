"""What links are signed with, drawn anew by hand: the newest signs, and all of them are believed for ever."""

from datetime import datetime

from nurture import observe
from nurture.engine.workshop import Workshop
from nurture.links import STORED_AS
from nurture.store.codec import micros
from nurture.store.installation import new_secret


def rotate(shop: Workshop, now: datetime) -> int:
    """Draw a new secret for links, durably; how many there are now.

    Links that went keep working: a reader must be able to leave for as long as the mail lies in their inbox.
    """
    shop.store.secret(STORED_AS, now)  # a store that never made a link has its first one here
    with shop.store.database.writing(durable=True) as connection:
        count = new_secret(connection, STORED_AS, micros(now))
    observe.note(observe.LINKS_RENEWED, believed=count)
    return count
