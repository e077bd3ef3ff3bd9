"""What becomes of an incident's card: where it goes, whether it is held, and why.

Policies are pure; every answer has a reason that is counted: a ``RouteReason`` for the channel, a
``Reason`` for what is held. Duplicates and late resolves are settled where alerts are recorded.
"""
