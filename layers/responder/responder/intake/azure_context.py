"""The part of an Azure Monitor alert that differs by the kind of alert: its context.

``tools.azure_monitor`` reads the rest. What is asked for here is missing in most kinds.
"""

from collections.abc import Mapping

from responder.intake.fields import first, mapping, sequence
from responder.intake.text import as_text

_MAX_CONDITIONS = 10
_LINKS = {
    "source": ("investigationLink",),
    "results": ("linkToFilteredSearchResultsUI", "LinkToFilteredSearchResultsUI",
                "linkToSearchResultsUI", "LinkToSearchResults"),
}  # fmt: skip
# What a person wants to know of an event in the activity log, or of a budget.
_TOLD = (
    ("Operation", ("operationName",)),
    ("Status", ("status",)),
    ("Caller", ("caller",)),
    ("Activity log", ("Activity Log Event Description",)),
    ("Query", ("SearchQuery",)),
    ("Results", ("ResultCount",)),
    ("Expression", ("expression",)),
    ("Value", ("expressionValue",)),
)
_TOLD_OF_PROPERTIES = ("title", "details", "message", "description", "cause", "stage", "statusCode")
_TOLD_OF_BUDGET = ("BudgetName", "SpentAmount", "NotificationThresholdAmount", "BudgetThreshold",
                   "ForecastedTotalForPeriod", "Unit")  # fmt: skip

Fields = Mapping[str, object]


def conditions(context: Fields) -> list[Fields]:
    """The conditions that were met: several, or the one of a classic alert."""
    condition = mapping(context.get("condition"))
    several = [mapping(one) for one in sequence(condition.get("allOf"))[:_MAX_CONDITIONS]]
    return several or ([condition] if "metricName" in condition else [])


def dimensions(context: Fields) -> dict[str, str]:
    """The dimensions by which an alert is split, with what they are of this one."""
    pairs = [mapping(one) for one in sequence(context.get("Dimensions"))]
    for condition in conditions(context):
        pairs += [mapping(one) for one in sequence(condition.get("dimensions"))]
    named = {first(pair, ("name",)): as_text(pair.get("value")) for pair in pairs}
    return {name: text for name, text in named.items() if name and text}


def activity(context: Fields) -> Fields:
    """The context itself where it is an event of the activity log, else an empty one."""
    return context if "operationName" in context or "eventDataId" in context else {}


def properties(context: Fields) -> Fields:
    """What the service that wrote into the activity log tells."""
    return mapping(context.get("properties"))


def message(description: str, context: Fields) -> str:
    """The description, and why the alert fired, as far as its kind says."""
    annotations = mapping(context.get("annotations"))
    budget = mapping(context.get("AlertData"))
    parts = [
        description,
        *(first(annotations, (name,)) for name in ("summary", "description")),
        *(_condition(one) for one in conditions(context)),
        *(f"{name}: {text}" for name, keys in _TOLD if (text := first(context, keys))),
        *(f"{name}: {text}" for name in _TOLD_OF_BUDGET if (text := first(budget, (name,)))),
    ]
    if activity(context):
        parts += [first(properties(context), (name,)) for name in _TOLD_OF_PROPERTIES]
    return "\n".join(dict.fromkeys(part for part in parts if part))


def links(essentials: Fields, context: Fields) -> dict[str, str]:
    """Where the alert can be looked at."""
    places = [essentials, *conditions(context), context]
    return {
        name: next((url for place in places if (url := first(place, keys))), "")
        for name, keys in _LINKS.items()
    }


def _condition(condition: Fields) -> str:
    what = first(condition, ("metricName", "metricMeasureColumn", "searchQuery"))
    names = ("timeAggregation", "operator", "threshold")
    said = " ".join(text for name in names if (text := first(condition, (name,))))
    value = first(condition, ("metricValue",))
    return f"{what}: {said}" + (f", value {value}" if value else "") if what or said else ""
