"""The MCP Incident Responder: alerts of any monitoring tool, understood, in Slack.

Read the rooms in the order an alert goes through them:
``intake`` → ``signature`` → ``policy`` → ``analysis`` → ``delivery``; ``protocols`` holds the state
machines that keep every step safe against crashes and second workers, ``adapters`` the only code
that touches AWS, Claude or Slack.
"""
