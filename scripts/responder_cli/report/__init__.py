"""``responder report``: what a stack did in a day, a week or a month, and what it cost."""
