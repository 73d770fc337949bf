"""The names of nurture's own two mails about a change of address, and how long what they offer is good."""

from datetime import timedelta

NEW_ADDRESS = "_new_address"  # to the new address: confirm that it is yours
ADDRESS_NOTICE = "_address_notice"  # to the old one: somebody asked for another; say so if it was not you
OWN_MAILS = frozenset({NEW_ADDRESS, ADDRESS_NOTICE})
"""No folder of templates/ that begins with `_` is a mail, so none of a project's can be called like these."""

GOOD_FOR = timedelta(days=3)  # so long the mails may wait, and the link to the new address is good
UNDONE_WITHIN = timedelta(days=30)  # so long the old address may say that it was not they, after it was changed
