"""What becomes of an incident's card: where it goes, and why.

Policies are pure; every answer is a ``Decision`` with a reason that is counted. ``route`` picks the
channel; duplicates and late resolves are settled where alerts are recorded.
"""
