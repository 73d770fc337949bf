"""The names that a frame and a whole document are told, apart from those of the mail."""

HOUSE = (
    "sender_name",
    "postal_address",
    "why",
    "reply",
    "unsubscribe",
    "preferences",
)  # the same for every reader of a mail
SETTLED = ("locale", "direction", "start", "end")  # before anything is compiled
TOLD = ("subject", "preheader", *HOUSE, "unsubscribe_url", "preferences_url")
OWN = "_page_"  # before every name of the layout, so that a mail may be given the same names
