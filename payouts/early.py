"""What is told before its time."""


class TooEarly(Exception):
    """The event is about something that is not here yet; it is tried again."""
