"""How a model's probabilities of default turned out."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Annotated

import strawberry

from api.graphql.analytics.funnel import From, To
from api.graphql.context import Info
from api.graphql.ids import global_id, row_id_of
from api.graphql.payloads import described_enum
from domain.queries.analytics import model_performance as query
from domain.rules.analytics.stability import PopulationStability as Psi
from domain.rules.analytics.stability import Stability

described_enum(
    Stability,
    "What a population stability index says.",
    {
        Stability.STABLE: "Below 0.1: the cases look like those of training.",
        Stability.WATCH: "0.1 to 0.25: watch it.",
        Stability.ACT: "Above 0.25: find out why, or train again.",
    },
    name="PopulationStabilityVerdict",
)


@strawberry.type(description="The cases in a tenth of the PD scale, and how they turned out.")
class PdBin:
    """Counts alone: no case stands in two bins."""

    low: float = strawberry.field(description="Least PD of the bin, 0 to 1.")
    high: float = strawberry.field(
        description="PD up to which it goes, itself excluded but for 1 in the last bin."
    )
    count: int = strawberry.field(description="Cases with such a PD.")
    known: int = strawberry.field(description="Of these, how many have a known outcome.")
    bad: int = strawberry.field(description="Of these, how many turned out bad.")


@strawberry.type(
    description="Population stability index (PSI) of the PDs against those of training."
)
class PopulationStability:
    """Σ (actual % - expected %) × ln(actual % ÷ expected %)."""

    psi: float = strawberry.field(description="The index; 0 when nothing has moved.")
    verdict: Stability = strawberry.field(description="What it says.")
    reference_rows: int = strawberry.field(description="Rows of training that it compares with.")
    rows: int = strawberry.field(description="Cases scored.")
    bins: int = strawberry.field(description="Bins that both are counted in.")


@strawberry.type(
    description="How a model version did on the applications it decided in a period. Bad is 90 or "
    "more days past due, or written off, within 12 months of a loan's start; the outcome is known "
    "once a loan is bad, or all loans of the application are repaid or past those 12 months."
)
class ModelPerformance:
    """Applications that the caller may see, each once, with its last decision."""

    model_version_id: strawberry.ID = strawberry.field(
        description="Global id of the model version."
    )
    name: str = strawberry.field(description="The model's name.")
    version: int = strawberry.field(description="Its version under that name.")
    start: dt.date = strawberry.field(name="from", description="First day of the period.")
    end: dt.date = strawberry.field(name="to", description="Last day of the period.")
    scored: int = strawberry.field(description="Applications it scored.")
    average_pd: float | None = strawberry.field(
        description="Mean probability of default of these, 0 to 1; null without any."
    )
    distribution: list[PdBin] = strawberry.field(
        description="Ten bins of equal width from PD 0 to 1."
    )
    known: int = strawberry.field(description="Applications whose outcome is known.")
    bad: int = strawberry.field(description="Of these, how many turned out bad.")
    bad_rate: float | None = strawberry.field(
        description="`bad` over `known`, 0 to 1; null while nothing is known."
    )
    auc: float | None = strawberry.field(
        description="Area under the ROC curve: how often a bad case has the higher PD, ties "
        "counting half; null without bad or without good cases."
    )
    ks: float | None = strawberry.field(
        description="Kolmogorov-Smirnov distance between bad and good cases; null likewise."
    )
    stability: PopulationStability | None = strawberry.field(
        description="PSI; null without cases, or where the model keeps no reference of training."
    )


@strawberry.type
class ModelPerformanceQueries:
    """Reading how a model does."""

    @strawberry.field(
        description="How a model's PDs turned out, for decisions of a period (by business date); "
        "null when there is no such model."
    )
    async def model_performance(
        self,
        info: Info,
        model_version_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="Global id of a model version; left out: the champion."
            ),
        ] = None,
        start: From = None,
        to: To = None,
    ) -> ModelPerformance | None:
        found = await query.model_performance(
            info.context.actor,
            model_version_id=(
                None if model_version_id is None else row_id_of(model_version_id, "ModelVersion")
            ),
            start=start,
            end=to,
        )
        return None if found is None else _shown(found)


def _shown(found: query.ModelPerformance) -> ModelPerformance:
    return ModelPerformance(
        model_version_id=global_id("ModelVersion", found.model_version_id),
        name=found.name,
        version=found.version,
        start=found.start,
        end=found.end,
        scored=found.scored,
        average_pd=found.average_pd,
        distribution=[
            PdBin(
                low=each.low,
                high=each.high,
                count=each.count,
                known=each.known,
                bad=each.bad,
            )
            for each in found.distribution
        ],
        known=found.known,
        bad=found.bad,
        bad_rate=_float(found.bad_rate),
        auc=_float(found.auc),
        ks=_float(found.ks),
        stability=None if found.stability is None else _stability(found.stability),
    )


def _stability(found: Psi) -> PopulationStability:
    return PopulationStability(
        psi=found.psi,
        verdict=found.verdict,
        reference_rows=found.reference_rows,
        rows=found.rows,
        bins=found.bins,
    )


def _float(exact: Fraction | None) -> float | None:
    return None if exact is None else float(exact)
