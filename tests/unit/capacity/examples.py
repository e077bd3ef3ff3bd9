"""A pipeline in which nothing takes time or is held, to be made slow in one place."""

from bench.capacity.times import Times
from bench.capacity.values import Mix, Settings
from bench.capacity.work import Bill, Stage, Work

NOTHING = Times(reception=0, batch=0, new=0, repeat=0, analysis=0, card=0, edit=0)
FREE = Settings(
    reception=10_000, processing=1_000, analysis=1_000, distribution=1_000, critical=1_000,
    rate=1e9, burst=10**9, pace=0, storm=0, throttle=0,
)  # fmt: skip
#: Every alert opens an incident: with a known analysis, or for Claude.
NEW, FRESH = Mix(new=1, fresh=0, critical=0), Mix(new=1, fresh=1, critical=0)


def bill(dollars: float, incidents: float = 10.0) -> Bill:
    return Bill(dollars=dollars, reads=5.0, writes={"alerts": 3.0, "incidents": incidents})


WORK = Work(
    reception=Stage(1, 0, 0.001),
    new=Stage(8, 3, 0.005),
    repeat=Stage(8, 4, 0.005),
    analysis=Stage(20, 0, 0.02),
    card=Stage(0, 8, 0.01),
    edit=Stage(0, 6, 0.01),
    bills={
        "new alone": bill(30e-6),
        "repeat alone": bill(20e-6),
        "new": bill(15e-6),
        "repeat": bill(10e-6),
        "edit": bill(5e-6),
        "fresh": bill(100e-6),
    },
    call=0.0005,
    tick=1e-6,
)
