"""The makers of what a tick makes of everybody it decides (`quick`); elsewhere the classes themselves do."""

from nurture.model.decision import Decision, Intent, Reason
from nurture.model.event import Event
from nurture.model.person import (
    Alarms,
    Armed,
    Consent,
    Enrolment,
    Firing,
    Message,
    Orders,
    Outcome,
    Person,
    Reserved,
    Round,
    StageState,
)
from nurture.model.quick import quick

new_event = quick(Event)
new_person, new_orders, new_consent, new_stage = quick(Person), quick(Orders), quick(Consent), quick(StageState)
new_enrolment, new_outcome, new_round, new_gift = quick(Enrolment), quick(Outcome), quick(Round), quick(Reserved)
new_firing, new_armed, new_alarms, new_message = quick(Firing), quick(Armed), quick(Alarms), quick(Message)
new_decision, new_intent, new_reason = quick(Decision), quick(Intent), quick(Reason)
