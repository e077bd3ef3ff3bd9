"""From an incident to a Slack message that nothing in the alert or the analysis can break.

``card`` renders incidents, ``notices`` the changes people must be told of; both are pure. The
card protocol calls them and hands the result to a ``ports.Chat``.
"""
