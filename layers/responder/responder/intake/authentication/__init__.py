"""Who may send on the route without an API key; ``reception`` asks ``senders.admit``.

``sources`` is the secret's form, ``signatures`` and ``sns`` check what senders sign.
"""
