"""What a person would miss in the emulator, added; ``emulator`` applies it before it serves.

Every patch is one function whose docstring names the gap, and has its test in
``tests/integration/emulator_patches``.
"""

from local_stack.patches import (
    alarms,
    cloudformation,
    code,
    metrics,
    permissions,
    processes,
    queues,
    tables,
)
from local_stack.patches.background import start


def apply() -> None:
    """Apply every patch."""
    metrics.log_events_have_ids()
    metrics.embedded_metrics()
    metrics.lambda_metrics()
    metrics.reports_are_told_to_who_invokes()
    queues.message_move_tasks()
    queues.dead_letter_sources()
    alarms.accept_expressions()
    alarms.evaluate_by_dimensions()
    alarms.state_changes_reach_eventbridge()
    tables.copies_say_what_they_are_of()
    cloudformation.table_settings()
    cloudformation.reserved_concurrency()
    cloudformation.mapping_concurrency()
    cloudformation.binary_media_types()
    permissions.queue_batches_need_no_action_of_their_own()
    permissions.log_groups_are_asked_for_with_their_streams()
    code.addresses_are_those_that_it_serves()
    processes.one_failed_start_ends_no_other()
    processes.code_is_unpacked_once()
    start([queues.record_depth_and_age, alarms.evaluate_all])
