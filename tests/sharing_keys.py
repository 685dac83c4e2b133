"""Sharing keys of every type, as strategies."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from energy.keys import (
    PPM,
    CustomKey,
    HourlyMinKey,
    IterationsKey,
    MatrixKey,
    PriorityKey,
    ProRataKey,
    Round,
    SharingKey,
    StaticKey,
    Surplus,
)

T0 = datetime(2026, 3, 14, 12, tzinfo=UTC)
NAMES = [f"p{i}" for i in range(12)]

surpluses = st.sampled_from(Surplus)


@st.composite
def shares(draw: st.DrawFn, parts: int = PPM) -> dict[str, int]:
    weights = draw(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 1000), max_size=12))
    whole = max(sum(weights.values()), draw(st.integers(1, 4000)))
    return {point: weight * parts // whole for point, weight in weights.items()}


@st.composite
def levels(draw: st.DrawFn) -> PriorityKey:
    weights = draw(st.sampled_from([st.just(1), st.integers(1, 5), st.integers(1, 10**6)]))
    chosen = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
    cuts = sorted(draw(st.lists(st.integers(0, len(chosen)), max_size=3)))
    bounds = zip([0, *cuts], [*cuts, len(chosen)], strict=True)
    return PriorityKey(tuple({point: draw(weights) for point in chosen[a:b]} for a, b in bounds))


@st.composite
def rounds(draw: st.DrawFn, parts: int) -> IterationsKey:
    fractions = draw(st.lists(st.integers(0, 100), min_size=1, max_size=4))
    whole = max(sum(fractions), draw(st.integers(1, 200)))
    by = st.one_of(st.none(), shares(parts))
    offered = tuple(Round(part * parts // whole, draw(by)) for part in fractions)
    return IterationsKey(offered, draw(surpluses), parts)


starts = st.sampled_from([T0, T0 + timedelta(hours=1), T0 + timedelta(hours=7)])
matrices = st.dictionaries(st.sampled_from(NAMES), shares(), max_size=4)


def keys_in(parts: int) -> st.SearchStrategy[SharingKey]:
    """Keys of every type, whose whole is so many parts."""
    whole, of_points = st.just(parts), shares(parts)
    of_producers = st.dictionaries(st.sampled_from(NAMES), of_points, max_size=4)
    return st.one_of(
        st.builds(ProRataKey, surpluses),
        st.builds(StaticKey, of_points, surpluses, whole),
        st.builds(CustomKey, st.dictionaries(starts, of_points), surpluses, whole),
        st.builds(MatrixKey, of_producers, st.dictionaries(starts, of_producers, max_size=1), surpluses, whole),
        levels(),
        rounds(parts),
        st.just(HourlyMinKey()),
    )
