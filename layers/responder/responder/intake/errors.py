"""How reading a request fails: towards the sender, and between the readers of intake."""


class BadRequest(Exception):
    """The sender must change the request; sent again as it is, it would fail again.

    ``status`` is the HTTP status, ``code`` a short word for programs, ``message`` a sentence for a
    person, ``field`` the header or field at fault (empty where it is the body as a whole).
    """

    def __init__(self, status: int, code: str, message: str, field: str = "") -> None:
        """Keep what the answer to the sender will say."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field


class Unreadable(Exception):
    """An element lacks the shape of the tool whose reader got it; it becomes an unknown format."""


class NotAnAlert(Exception):
    """An event that says neither firing nor resolved: a comment, a test of the connection.

    It is answered with success and counted, because a refusal makes some senders give up.
    """
