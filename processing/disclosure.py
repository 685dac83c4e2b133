"""Decide what may be published about a group of holders: the primary rules of policy hub-sdc-1.0, fail closed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from energy.model import HolderKind

PPM: Final = 1_000_000


class Granularity(StrEnum):
    """Length of the published periods, as ISO 8601 durations, finest first."""

    HALF_HOUR = "PT30M"
    HOUR = "PT1H"
    DAY = "P1D"
    MONTH = "P1M"


class Measure(StrEnum):
    """What is decided and published; rates are decided only through the measures they link."""

    CONSUMPTION = "consumption"
    PRODUCTION = "production"
    ALLOCATED = "allocated"
    RESIDUAL = "residual"
    SURPLUS = "surplus"
    SELF_CONSUMPTION_RATE = "self_consumption_rate"
    SELF_SUFFICIENCY_RATE = "self_sufficiency_rate"
    COVERAGE_RATE = "coverage_rate"


SIDES: Final = frozenset({Measure.CONSUMPTION, Measure.PRODUCTION})
LINKING: Final = frozenset({Measure.ALLOCATED, Measure.RESIDUAL, Measure.SURPLUS})
"""Measures that tie consumption to production: any one of them gives the other two away."""


class Status(StrEnum):
    """What becomes of a cell."""

    PUBLISH = "publish"
    WITHHELD = "withheld"


class Reason(StrEnum):
    """Why a cell is withheld; for the operator's eyes, never published."""

    NO_CONTRIBUTIONS = "no_contributions"
    ZERO_TOTAL = "zero_total"
    MIN_HOLDERS = "min_holders"
    DOMINANCE_1 = "dominance_1"
    DOMINANCE_2 = "dominance_2"
    P_PERCENT = "p_percent"
    TOO_EARLY = "too_early"
    UNBALANCED_PANEL = "unbalanced_panel"


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers that depend on the granularity."""

    k: int
    k_legal: int
    dominance_1_ppm: int
    rounding_wh: int
    first_release_lag_days: int


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers of a disclosure policy; an operator may raise them, never lower them without a logged reason."""

    id: str
    limits: Mapping[Granularity, Limits]
    dominance_2_ppm: int
    p_ppm: int
    active_epsilon_wh: int
    zero_total_is_disclosive: bool
    min_measured_share: float
    bands: tuple[tuple[int, int | None], ...]


POLICY: Final = Policy(
    id="hub-sdc-1.0",
    # k = 10 is the French and Dutch threshold, 85 % the one of INSEE, 90 % and 10 % those of ACRO;
    # the finer k, and 25 % below the day, are judgement.
    limits={
        Granularity.HALF_HOUR: Limits(30, 10, dominance_1_ppm=250_000, rounding_wh=100, first_release_lag_days=35),
        Granularity.HOUR: Limits(20, 10, dominance_1_ppm=250_000, rounding_wh=100, first_release_lag_days=35),
        Granularity.DAY: Limits(15, 5, dominance_1_ppm=850_000, rounding_wh=1_000, first_release_lag_days=10),
        Granularity.MONTH: Limits(10, 3, dominance_1_ppm=850_000, rounding_wh=10_000, first_release_lag_days=10),
    },
    dominance_2_ppm=900_000,
    p_ppm=100_000,
    active_epsilon_wh=100,
    zero_total_is_disclosive=True,
    min_measured_share=0.9,
    bands=((3, 4), (5, 9), (10, 14), (15, 19), (20, 29), (30, 49), (50, 99), (100, None)),
)


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one meter, or one holder, adds to a cell; a net flow may be negative.

    `consent` is the written consent to publication. `elsewhere` says that the holder is also behind another cell of the
    same period: it then does not count towards k, so that no sum or difference of cells isolates fewer than k holders.
    """

    holder: str
    kind: HolderKind
    energy_wh: int
    consent: bool = False
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What the primary rules say of one cell. Only `rounded_wh` and `band` may leave the hub, and only when published.

    `band` is empty where no protected holder is behind the value: there is no one to count.
    """

    status: Status
    reasons: tuple[Reason, ...]
    n_active_protected: int
    k_required: int
    top_1_share: float | None
    top_2_share: float | None
    p_ratio: float | None
    rounded_wh: int | None
    band: str | None


def decide(contributions: Iterable[Contribution], granularity: Granularity, policy: Policy = POLICY) -> Decision:
    """Apply the primary rules to one cell: one measure of one group over one local month.

    Contributions are summed by holder first: meters are not people. A holder that is public in every contribution, with
    written consent, is not protected: it adds to the value but not to k, the shares or the p-ratio. A public holder
    without consent is protected like a legal person. Natural persons' k applies as soon as one natural person
    contributes, even nothing. Shares and p-ratio are taken over the magnitudes of active protected holders; a share
    must exceed its limit, or the p-ratio be under it, to withhold. No contribution at all is withheld; a cell with only
    public consenting holders is published, zero or not, for nobody in it is protected ("production is public").

    Args:
        contributions: energy by meter or holder, in any order. [Wh]
        granularity: length of the cell's periods; the decision is still one per month.
        policy: the numbers to apply.
    """
    limits = policy.limits[granularity]
    holders = _sum_by_holder(contributions)
    protected = [h for h in holders if h.kind is not HolderKind.PUBLIC or not h.consent]
    active = [h for h in protected if abs(h.energy_wh) > policy.active_epsilon_wh]
    natural = any(h.kind is HolderKind.NATURAL for h in protected) or not holders
    k_required = limits.k if natural else limits.k_legal if protected else 0
    largest_wh = sorted((abs(h.energy_wh) for h in active), reverse=True)
    reasons: list[Reason] = []
    if not holders:
        reasons.append(Reason.NO_CONTRIBUTIONS)
    if policy.zero_total_is_disclosive and protected and not any(h.energy_wh for h in protected):
        reasons.append(Reason.ZERO_TOTAL)
    if sum(not h.elsewhere for h in active) < k_required:
        reasons.append(Reason.MIN_HOLDERS)
    reasons.extend(_dominances(largest_wh, limits, policy))
    total_wh, top_1_wh, top_2_wh = sum(largest_wh), sum(largest_wh[:1]), sum(largest_wh[:2])
    return Decision(
        status=Status.WITHHELD if reasons else Status.PUBLISH,
        reasons=tuple(reasons),
        n_active_protected=len(active),
        k_required=k_required,
        top_1_share=top_1_wh / total_wh if total_wh else None,
        top_2_share=top_2_wh / total_wh if total_wh else None,
        p_ratio=(total_wh - top_2_wh) / top_1_wh if top_1_wh else None,
        rounded_wh=None if reasons else round_half_even(sum(h.energy_wh for h in holders), limits.rounding_wh),
        band=None if reasons else band(len(active), policy),
    )


def link(decisions: Mapping[Measure, Decision]) -> frozenset[Measure]:
    """Measures that may be published together, given the decision of each energy on its own.

    Consumption and production stand alone: each is published when it passes. Allocated, residual and surplus follow
    from one another through consumption = allocated + residual and production = allocated + surplus, so all three pass
    or all three fail, with the rates of self-consumption and self-sufficiency; they fail too when either side fails.
    Coverage needs both sides only. A measure without a decision counts as failing.
    """
    passing = {measure for measure, decision in decisions.items() if decision.status is Status.PUBLISH}
    published = passing & SIDES
    if published == SIDES:
        published |= {Measure.COVERAGE_RATE}
        if passing >= LINKING:
            published |= LINKING | {Measure.SELF_CONSUMPTION_RATE, Measure.SELF_SUFFICIENCY_RATE}
    return frozenset(published)


def round_half_even(energy_wh: int, step_wh: int) -> int:
    """Nearest multiple of a step, the even multiple where two are as near; exact, for either sign. [Wh]"""
    multiple, rest = divmod(energy_wh, step_wh)
    if 2 * rest > step_wh or (2 * rest == step_wh and multiple % 2):
        multiple += 1
    return multiple * step_wh


def band(holders: int, policy: Policy = POLICY) -> str | None:
    """Band of a number of holders, such as 10-14 or 100+; None below the lowest band."""
    for low, high in policy.bands:
        if low <= holders and (high is None or holders <= high):
            return f"{low}+" if high is None else f"{low}-{high}"
    return None


def _sum_by_holder(contributions: Iterable[Contribution]) -> list[Contribution]:
    """One contribution per holder; where several disagree about the holder, the most protective reading holds."""
    rank = [HolderKind.PUBLIC, HolderKind.LEGAL, HolderKind.NATURAL]
    holders: dict[str, Contribution] = {}
    for new in contributions:
        old = holders.get(new.holder, Contribution(new.holder, HolderKind.PUBLIC, 0, consent=True))
        holders[new.holder] = Contribution(
            new.holder,
            max(old.kind, new.kind, key=rank.index),
            old.energy_wh + new.energy_wh,
            old.consent and new.consent,
            old.elsewhere or new.elsewhere,
        )
    return list(holders.values())


def _dominances(largest_wh: list[int], limits: Limits, policy: Policy) -> Iterator[Reason]:
    """Reasons drawn from the magnitudes of active protected holders, largest first; integers, so limits are exact."""
    total_wh, top_1_wh, top_2_wh = sum(largest_wh), sum(largest_wh[:1]), sum(largest_wh[:2])
    if top_1_wh * PPM > total_wh * limits.dominance_1_ppm:
        yield Reason.DOMINANCE_1
    if top_2_wh * PPM > total_wh * policy.dominance_2_ppm:
        yield Reason.DOMINANCE_2
    if (total_wh - top_2_wh) * PPM < top_1_wh * policy.p_ppm:
        yield Reason.P_PERCENT
