"""``responder deploy``: what the runbook's ``deploy.sh`` calls."""
