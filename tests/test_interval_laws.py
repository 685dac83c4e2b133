"""Laws of intervals: as the slow twin says, in whatever order; they add up to the registers, and give them back."""

from datetime import datetime, timedelta
from itertools import accumulate
from math import floor
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from energy.time import STEP, ceil_to_step, floor_to_step
from tests.registers import T0, Readings, Route, compute, register_at, scenes, twin


@settings(max_examples=120, deadline=None)
@given(scenes())
def test_the_slow_twin_agrees(scene: tuple[Readings, list[Route]]) -> None:
    readings, routes = scene
    assert compute(readings, routes) == twin(readings, routes)


@settings(max_examples=60, deadline=None)
@given(scenes(), st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(scene: tuple[Readings, list[Route]], random: Random) -> None:
    readings, routes = scene
    rows = [(*key, value) for key, value in readings.items()] * 2
    random.shuffle(rows)
    assert compute(rows, routes) == compute(readings, routes)


sound = st.lists(st.tuples(st.integers(1, 7200), st.integers(0, 400)), min_size=1, max_size=40)


def register_of(steps: list[tuple[int, int]], start: datetime = T0) -> Readings:
    at, wh, readings = start, 123_456, {(1, start): 123_456.0}
    for gap_s, rise in steps:
        at, wh = at + timedelta(seconds=gap_s), wh + rise
        readings[1, at] = wh
    return readings


@settings(max_examples=60, deadline=None)
@given(sound, st.integers(0, 900_000_000).map(lambda us: T0 + timedelta(microseconds=us)))
def test_intervals_add_up_to_the_difference_of_the_registers(steps: list[tuple[int, int]], first: datetime) -> None:
    readings = register_of(steps, first)
    rows = compute(readings, [Route(1, 1)])
    start, end = ceil_to_step(first), floor_to_step(max(at for _, at in readings))
    assert [row[2] for row in rows] == [start + i * STEP for i in range((end - start) // STEP)], "none missing"
    kept = [(at, int(value), True) for (_, at), value in readings.items()]
    left, right = register_at(start, kept), register_at(end, kept)
    if left is not None and right is not None:
        assert sum(row[3] for row in rows) == floor(right[0]) - floor(left[0])


@settings(max_examples=50, deadline=None)
@given(sound)
def test_a_register_made_of_intervals_gives_the_same_intervals(steps: list[tuple[int, int]]) -> None:
    once = compute(register_of(steps), [Route(1, 1)])
    sums = accumulate((row[3] for row in once), initial=0)
    edges = [*(row[2] for row in once[:1]), *(row[2] + STEP for row in once)]
    again = compute({(1, at): wh for at, wh in zip(edges, sums, strict=False)}, [Route(1, 1)])
    assert [row[:4] for row in again] == [row[:4] for row in once]
