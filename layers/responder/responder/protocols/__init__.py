"""The state machines that keep an alert safe: each module reads as its timeline.

A protocol reads items, computes the next ones with pure functions and writes them on the condition
that nobody wrote in between; on a lost race it reads again and decides again. So one sentence
settles every race: *whoever writes first wins, the other one looks again*. What a crash leaves
behind at each arrow is told in each module and in ``docs/architecture.md``.
"""
