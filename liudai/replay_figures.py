"""What a replay found: how well the served PDs rank, how near scikit-learn, how fast."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Console

from domain.rules.analytics.discrimination import ScoreCount, discrimination_of

DIFFERENCE_MAX = 1e-5
_FAILURES_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One decided row: what was served, what scikit-learn says, and what happened."""

    bad: bool
    served_pd: float
    reference_pd: float
    recommendation: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of one seed. `auc` and `ks` are None without both outcomes; latency is of save
    and submit together, as a client waited for them."""

    submitted: int
    decided: int
    failures: Mapping[str, str]
    recommendations: Mapping[str, int]
    auc: float | None
    ks: float | None
    difference: float
    per_second: float
    p50_ms: float
    p95_ms: float
    clients: int

    @property
    def holds(self) -> bool:
        """Whether every row was decided on, as scikit-learn would have."""
        whole = not self.failures and self.decided == self.submitted
        return whole and self.difference <= DIFFERENCE_MAX


def measure(
    outcomes: Sequence[Outcome],
    *,
    submitted: int,
    failures: Mapping[str, str],
    seconds: float,
    clients: int,
) -> Figures:
    """Return the figures of `outcomes`, which took `seconds` with so many clients."""
    counts: dict[float, list[int]] = {}
    for each in outcomes:
        counts.setdefault(each.served_pd, [0, 0])[0 if each.bad else 1] += 1
    found = discrimination_of(ScoreCount(*counts[pd]) for pd in sorted(counts))
    waits = sorted(each.seconds for each in outcomes)
    return Figures(
        submitted=submitted,
        decided=len(outcomes),
        failures=failures,
        recommendations=Counter(each.recommendation for each in outcomes),
        auc=float(found.auc) if found else None,
        ks=float(found.ks) if found else None,
        difference=max((abs(o.served_pd - o.reference_pd) for o in outcomes), default=math.inf),
        per_second=len(outcomes) / seconds if seconds else 0.0,
        p50_ms=1000 * percentile(waits, 50),
        p95_ms=1000 * percentile(waits, 95),
        clients=clients,
    )


def percentile(ascending: Sequence[float], percent: int) -> float:
    """Return the nearest-rank percentile; 0 of nothing."""
    if not ascending:
        return 0.0
    return ascending[max(math.ceil(percent * len(ascending) / 100), 1) - 1]


def show(console: Console, figures: Figures) -> None:
    """Print the figures, one a line."""
    made = ", ".join(f"{count} {name}" for name, count in sorted(figures.recommendations.items()))
    holds = "holds" if figures.difference <= DIFFERENCE_MAX else "falls short"
    for line in (
        f"decisions made {figures.decided} of {figures.submitted} ({made or 'none'})",
        f"errors {len(figures.failures)}",
        f"served AUC {_ratio(figures.auc)}",
        f"served KS {_ratio(figures.ks)}",
        f"largest difference to scikit-learn {figures.difference:.1e} "
        f"(bar {DIFFERENCE_MAX:.0e}: {holds})",
        f"applications per second {figures.per_second:.1f} ({figures.clients} clients)",
        f"latency p50 {figures.p50_ms:.0f} ms, p95 {figures.p95_ms:.0f} ms (save and submit)",
    ):
        console.print(line, markup=False)
    for name, why in list(figures.failures.items())[:_FAILURES_SHOWN]:
        console.print(f"error {name}: {why}", markup=False)
    if (more := len(figures.failures) - _FAILURES_SHOWN) > 0:
        console.print(f"… and {more} more errors")


def show_median(console: Console, figures: Sequence[Figures]) -> None:
    """Print the medians over several seeds."""
    aucs = [each.auc for each in figures if each.auc is not None]
    kss = [each.ks for each in figures if each.ks is not None]
    console.print(f"over {len(figures)} seeds:")
    console.print(f"errors {sum(len(each.failures) for each in figures)}")
    console.print(f"median served AUC {_ratio(median(aucs) if aucs else None)}")
    console.print(f"median served KS {_ratio(median(kss) if kss else None)}")
    widest = max(each.difference for each in figures)
    console.print(f"largest difference to scikit-learn {widest:.1e}")


def _ratio(value: float | None) -> str:
    return "none: it needs both outcomes" if value is None else f"{value:.4f}"
