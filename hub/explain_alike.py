"""As what a quarter-hour is counted, and which of them are alike, so that they are told together."""

from typing import Final

from processing.explain import Quarter, Register

KINDS: Final = ("measured", "derived", "estimated", "questionable", "missing")


def kind_of(quarter: Quarter) -> str:
    """One of KINDS, as which a quarter-hour is counted."""
    if quarter.counts is None:
        return "missing"
    match quarter.counts.quality, quarter.counts.method:
        case 0 | 14 | 17 | 19, _:
            return "measured"
        case 9 | 11, "power":
            return "derived"
        case 10, _:
            return "questionable"
        case _:
            return "estimated"


def likeness(quarter: Quarter) -> tuple[object, ...]:
    """What quarter-hours that are told together have in common."""
    said = quarter.counts
    rule = (said.method, said.quality, said.doubts) if said else quarter.missing
    device = (quarter.device.method, quarter.device.quality, quarter.device.doubts) if quarter.device else None
    told = tuple((r.device, r.tariff, r.energy_wh is None) for r in quarter.registers)
    curve = {(value.step_min, value.nature) for value in quarter.curve}
    return rule, quarter.source, device, quarter.is_current, quarter.is_kept, told, curve


def goes_on(quarter: Quarter, following: Quarter) -> bool:
    """Whether each register begins where it ended, and counts what it shows: no rollover, no swap between."""
    pairs = zip(quarter.registers, following.registers, strict=True)
    return all(before.end_wh == after.start_wh and all(is_plain(r) for r in (before, after)) for before, after in pairs)


def is_plain(register: Register) -> bool:
    """Whether a register counts what it shows."""
    if register.start_wh is None or register.end_wh is None:
        return True
    return register.end_wh - register.start_wh == register.energy_wh
