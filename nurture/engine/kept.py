"""A mail that was claimed and stays here: the answer of a gate or of the road, who need not know how mail is made."""

from nurture.model.decision import Why
from nurture.model.mail import Handover
from nurture.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail that stays here after all, and why; `told` says whether `explain` should tell of it."""

    why: Why
    handover: Handover
    told: bool = True
