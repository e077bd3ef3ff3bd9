"""A report as sections of a table and sentences, for every way to show it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from responder.alert import Severity
from responder.analysis.ledger import Line
from responder.delivery.words import duration
from responder.incident import Mark
from responder.protocols.feedback import Summary
from responder_cli import console
from responder_cli.health.metrics import Window
from responder_cli.report import advice
from responder_cli.report.advice import Advice
from responder_cli.report.figures import COUNTED, Figure, Figures, Waits
from responder_cli.report.money import Money
from responder_cli.report.problems import MOST_ALERTS, Traffic

#: Lines of a table; what is beyond them is in ``--json``.
MOST_LINES = 10
#: Characters of a bar, and of a title.
BAR = 20


@dataclass(frozen=True)
class Report:
    """All that was read of a window."""

    stack: str
    name: str
    window: Window
    figures: Figures
    traffic: Traffic
    feedback: Summary
    money: Money

    @property
    def title(self) -> str:
        """What it is, of which stack."""
        return f"{self.name.capitalize()} report of {self.stack}"

    @property
    def span(self) -> str:
        """From when until when."""
        start, end = self.window.start, self.window.end
        return f"{start:{console.MINUTE}} to {end:{console.MINUTE}} UTC"


@dataclass(frozen=True)
class Section:
    """A heading, rows under ``columns`` (numbers from the second one on), and sentences."""

    title: str
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    sentences: Sequence[str] = ()


def of(report: Report) -> list[Section]:
    """The sections of a report, those that nothing is to be said of left out."""
    every = (
        _throughput(report.figures, report.window),
        _waits(report.figures.waits),
        _severities(report.traffic),
        _common(report.traffic),
        _errors(report.figures),
        _feedback(report.feedback),
        _advice("Noisiest", advice.noisy(report.traffic.problems)),
        _advice("Never acted upon", advice.never_acted_upon(report.traffic.problems)),
        *_money(report.money),
    )
    return [section for section in every if section.rows or section.sentences]


def _throughput(found: Figures, window: Window) -> Section:
    wanted = ("throughput", "Claude")
    rows = [_beside(one) for one in found.figures if one.group in wanted]
    sentences = []
    if found.served is not None:
        was = "" if found.served_before is None else f" (before: {found.served_before:.0%})"
        sentences.append(f"{found.served:.0%} found a known analysis{was}.")
    if found.peak is not None:
        at, most = found.peak
        hours = window.minutes / 60
        counted = next(one.value for one in found.figures if one.name == COUNTED)
        sentences.append(
            f"{counted / hours:,.1f} alerts an hour, {most:,.0f} in the hour from "
            f"{at:{console.MINUTE}}."
        )
    held = [one for one in found.reasons if one.group == "held"]
    if held:
        sentences.append(f"Held: {_listed(held)}.")
    return Section("Throughput", ("", "now", "before"), rows, sentences)


def _waits(waits: Sequence[Waits]) -> Section:
    rows = [(one.name, _seconds(one.median), _seconds(one.slow), _seconds(one.worst))
            for one in waits]  # fmt: skip
    return Section("Time", ("", "p50", "p95", "worst p95"), rows)


def _severities(traffic: Traffic) -> Section:
    if not traffic.accepted:
        return Section("Severities", sentences=["No alert was accepted."])
    rows = []
    for severity in Severity:
        share = traffic.severities.get(severity, 0) / traffic.accepted
        counted = f"{traffic.severities.get(severity, 0):,}"
        rows.append((severity.value, counted, f"{share:.0%}", "█" * round(BAR * share)))
    return Section("Severities", ("", "alerts", "share", ""), rows)


def _common(traffic: Traffic) -> Section:
    rows = [
        (one.title, f"{one.alerts:,}", one.service, one.source)
        for one in traffic.problems[:MOST_LINES]
    ]
    sentences = []
    if traffic.kinds > len(rows):
        others = traffic.looked_at - sum(one.alerts for one in traffic.problems[:MOST_LINES])
        sentences.append(f"{traffic.kinds - len(rows):,} more problems with {others:,} alerts.")
    if traffic.looked_at < traffic.accepted:
        sentences.append(f"Of the newest {MOST_ALERTS:,} alerts.")
    if traffic.unreadable:
        sentences.append(
            f"{traffic.unreadable:,} of the alerts and incidents looked into were written by "
            "another release, which this one cannot read."
        )
    columns = ("alert", "alerts", "service", "tool")
    return Section("Most common alerts", columns, rows, sentences)


def _errors(found: Figures) -> Section:
    rows = [_beside(one) for one in found.figures if one.group == "errors"]
    sentences = [
        f"{group.capitalize()}: {_listed(some)}."
        for group in ("dead letters", "refused requests")
        if (some := [one for one in found.reasons if one.group == group])
    ]
    return Section("Errors", ("", "now", "before"), rows, sentences)


def _feedback(found: Summary) -> Section:
    marked = sum(found.marks.values())
    if not marked:
        said = "Nobody said what they make of an analysis (responder feedback)."
        return Section("Feedback", sentences=[said])
    rows = [(mark.value, f"{found.marks.get(mark, 0):,}", _share(found.marks, mark))
            for mark in Mark]  # fmt: skip
    false = f"False positives: {_share(found.marks, Mark.NOISE)} of all that were marked."
    called = [
        f"Called noise: {one.title} ({_said(one.marks)})." for one in found.noisy[:MOST_LINES]
    ]
    return Section("Feedback", ("", "incidents", "share"), rows, [false, *called])


def _said(marks: Mapping[Mark, int]) -> str:
    """How often each; whoever never said anything else is surer."""
    counts = ", ".join(f"{marks[mark]} {mark.value}" for mark in Mark if marks.get(mark, 0))
    others = marks.get(Mark.RIGHT, 0) + marks.get(Mark.WRONG, 0)
    return counts if others else f"{counts}, never anything else"


def _share(marks: Mapping[Mark, int], mark: Mark) -> str:
    return f"{marks.get(mark, 0) / sum(marks.values()):.0%}"


def _advice(title: str, found: Sequence[Advice]) -> Section:
    sentences = [
        f"{one.problem.title} ({', '.join(filter(None, (one.problem.service, one.problem.source)))}"
        f"; {one.problem.alerts:,} alerts): {one.why}. Fix: {one.fix}."
        for one in found[:MOST_LINES]
    ]
    return Section(title, sentences=sentences)


def _money(found: Money) -> Iterator[Section]:
    columns = ("", "dollars", "calls", "no answer", "tokens in", "tokens out")
    forecast = found.forecast
    coming = (
        f"Forecast for {found.month}: too few complete days yet."
        if forecast is None
        else f"Forecast for {found.month}: {forecast.usd:,.2f} dollars "
        f"({forecast.low:,.2f} to {forecast.high:,.2f})."
    )
    total = f"{found.usd:,.4f} dollars (before: {found.before:,.4f}), whole UTC days."
    models = list(map(_line, found.models.items()))
    yield Section("Claude by model", columns if models else (), models, [total, coming])
    by_service = [_line(pair) for pair in list(found.services.items())[:MOST_LINES]]
    yield Section("Claude by service", columns, by_service)
    aws = found.aws
    if aws.unknown:
        yield Section("AWS by service", sentences=[f"Unknown: {aws.unknown}."])
        return
    rows = [(name, f"{usd:,.4f}") for name, usd in aws.services.items()]
    each = f"{aws.usd:,.2f} dollars; a month that goes on like this: {aws.month:,.2f}."
    yield Section("AWS by service", ("", "dollars"), rows, [each])


def _line(pair: tuple[str, Line]) -> tuple[str, ...]:
    name, line = pair
    counts = (line.calls, line.unknown, line.input_tokens, line.output_tokens)
    return (name, f"{line.usd:,.4f}", *(f"{count:,}" for count in counts))


def _beside(one: Figure) -> tuple[str, str, str]:
    return (one.name, _number(one.value), _number(one.before))


def _listed(found: Sequence[Figure]) -> str:
    return ", ".join(f"{one.value:,.0f} {one.name}" for one in found)


def _number(value: float) -> str:
    """Whole numbers whole, money to a hundredth of a cent."""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.4f}"


def _seconds(value: float) -> str:
    return f"{value:.1f} s" if value < 60 else duration(timedelta(seconds=value))
