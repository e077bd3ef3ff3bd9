"""Planted bugs: each replaces one decision of a protocol by the mistake that is easy to make there.

The harness must find every one of them; a harness that does not is worth nothing.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from faults.plants import analysing, delivering, recording, wiring
from faults.substitutes import Replacement, replaced

Plant = Callable[[], Sequence[Replacement]]

PLANTS: dict[str, Plant] = {
    plant.__name__: plant
    for plant in (
        recording.count_before_record,
        recording.list_beside_incident,
        delivering.post_before_intent,
        delivering.write_over_a_new_card,
        delivering.reply_without_looking,
        delivering.give_up_a_lost_thread,
        delivering.delete_before_copy,
        analysing.waiters_not_drained,
        analysing.lease_without_owner,
        analysing.ask_without_lease,
        recording.resolve_by_signature,
        delivering.stay_in_a_refused_channel,
        delivering.record_before_tell,
        analysing.overlook_calls_under_way,
        analysing.free_what_was_not_answered,
        analysing.book_beside_settling,
        analysing.tell_beside_opening,
        recording.held_for_ever,
        recording.ends_told_in_a_window,
        delivering.search_from_the_intent,
        recording.expired_is_absent,
        recording.numbers_expire,
        recording.refuse_what_is_new,
        analysing.take_garbage_for_nothing,
        analysing.end_a_trouble_unsaid,
        recording.believe_in_a_write,
        delivering.give_up_unsaid,
    )
}

#: Those that only the campaign on moto can find.
WIRE_PLANTS: dict[str, Plant] = {
    plant.__name__: plant
    for plant in (wiring.try_a_dropped_post_again, wiring.keep_an_id_under_the_key)
}


def planted(name: str) -> AbstractContextManager[None]:
    """The code with the bug ``name`` in it, for the time of a block."""
    return replaced((PLANTS | WIRE_PLANTS)[name]())
