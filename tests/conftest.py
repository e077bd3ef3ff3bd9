"""What all tests share: no example of a property test is timed, as no assertion is."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
