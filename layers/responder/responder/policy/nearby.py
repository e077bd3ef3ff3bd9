"""Which places and services may be one, where tools name them differently or in part.

The sources of context ask it, for open incidents and for changes.
"""

import re

from responder.alert import Scope

#: What environments are called, by what most alerts call them.
ENVIRONMENTS = {
    "production": "prod",
    "prd": "prod",
    "live": "prod",
    "development": "dev",
    "stage": "staging",
    "stg": "staging",
}
#: A shorter name is part of too many others to say anything.
TELLING = 3

_SEPARATORS = re.compile(r"[^a-z0-9]+")


def plain(name: str) -> str:
    """A name as all tools would write it: lower case, words joined by hyphens."""
    return _SEPARATORS.sub("-", name.lower()).strip("-")


def environment(name: str) -> str:
    """An environment by its usual name."""
    known = plain(name)
    return ENVIRONMENTS.get(known, known)


def may_be_one(one: Scope, other: Scope) -> bool:
    """Whether nothing that is known of two places contradicts that they are one."""
    there = environment(one.environment), environment(other.environment)
    parts = [(one.account, other.account), (one.region, other.region), (one.cluster, other.cluster)]
    return _begin_alike(*there) and all(not a or not b or a == b for a, b in parts)


def related(one: str, other: str) -> bool:
    """Whether one service's name begins with the other's, as of a stack and its functions."""
    names = sorted((plain(one), plain(other)), key=len)
    return len(names[0]) >= TELLING and _begins(names[1], names[0])


def _begin_alike(one: str, other: str) -> bool:
    return not one or not other or _begins(one, other) or _begins(other, one)


def _begins(name: str, start: str) -> bool:
    return name == start or name.startswith(f"{start}-")
