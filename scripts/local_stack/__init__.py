"""The whole pipeline on one machine: emulator, local Slack, local Claude, the real template.

``make local``, ``make demo`` and the end-to-end tests use it; see ``stack.running``.
"""
