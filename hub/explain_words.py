"""The words of `hub explain`: every text in English, and how each language writes numbers, days and hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from energy.time import offset_if_twice
from hub.explain_french import FR

EN: Final = {
    "summary": "{point}, {flow}, {period}: {total} kWh.",
    "summary_none": "{point}, {flow}, {period}: nothing is known of the energy.",
    "flow_import": "energy withdrawn",
    "flow_export": "energy injected",
    "counts": "Of {quarters}: {parts}.",
    "quarters": "{n} quarter-hour|{n} quarter-hours",
    "measured": "{n} measured|{n} measured",
    "derived": "{n} computed from power|{n} computed from power",
    "estimated": "{n} estimated|{n} estimated",
    "missing": "{n} missing (which is not zero)|{n} missing (which is not zero)",
    "device_counts": "No curve of the operator is known: the device counts.",
    "operator_counts": "The operator's curve counts, as it always does where there is one.",
    "both_count": "The operator's curve counts in {quarters}, the device in the others.",
    "curve_files": "The curve comes from the file {files}.|The curve comes from the files {files}.",
    "more_files": "{n} more|{n} more",
    "compared": "Where both are known, the operator says {operator} kWh and the device {device} kWh.",
    "outdated": "What readings give now is not what is stored for {quarters}: they wait to be computed (`hub stale`),"
    " or their readings were removed for their age.",
    "events": "What happened:",
    "no_events": "No reading of the devices was left out.",
    "rows": "Quarter-hours:",
    "nothing": "Nothing is known of {point}, {period}.",
    "meter": "the meter {device}",
    "meter_tariff": "the {tariff} register of {device}",
    "on_day": "on {day}",
    "on_day_hours": "on {day}, from {start} to {end}",
    "days": "from {start} to {end}",
    "at_hour": "At {hour}",
    "at_day": "On {day} at {hour}",
    "day_hour": "{day} at {hour}",
    "between": "Between {start} and {end}",
    "between_days": "Between {start} and {end}",
    "hours": "{start} to {end}",
    "hours_of_day": "{day}, {start} to {end}",
    "and": "and",
    "glitch_low": "{at} {meter} showed {after} kWh, less than the {before} kWh before, and returned to its old value:"
    " this reading is left out.",
    "glitch_high": "{at} {meter} showed {after} kWh, which does not fit the {before} kWh before, and returned to its"
    " old value: this reading is left out.",
    "held": "{at} {meter} showed {after} kWh after {before} kWh, which does not fit:"
    " this reading is left out until the next ones tell.",
    "outage": "{at} {meter} showed 0 although it had counted before: this is an outage, the reading is left out.|"
    "{between} {meter} showed 0 in {n} readings although it had counted before: this is an outage,"
    " they are left out.",
    "reset": "{between} {meter} fell from {before} to {after} kWh and stayed there: it was reset or replaced."
    " Nothing is counted across it; if the meter was replaced, `hub swap` records it.",
    "leap": "{between} {meter} rose from {before} to {after} kWh, more than can flow in that time:"
    " nothing is counted across it.",
    "rollover": "{between} {meter} reached its last number and began again at zero, from {before} to {after} kWh:"
    " the {energy} kWh are counted.",
    "swap": "{at} the meter was replaced, as recorded: the old one, {device}, ended at {before} kWh, the new one, {to},"
    " began at {after} kWh. Both are counted.",
    "swap_left_out": "{at} the meter was replaced, as recorded, at {before} kWh by one at {after} kWh. These indexes do"
    " not fit the readings around them, and are left out.",
    "swap_unused": "{at} a replacement of the meter is recorded, from {before} to {after} kWh, but no device tells both"
    " registers: it does not count yet.",
    "linear": "{between} {meter} was not heard: its {energy} kWh are estimated in a straight line.|"
    "{between} {meter} was heard rarely, {n} times more than half an hour apart: its {energy} kWh are estimated in"
    " straight lines.",
    "still": "{between} {meter} was not heard, and showed {after} kWh before and after: nothing flowed.",
    "shape": "{between} {meter} was not heard. The {energy} kWh that it counted meanwhile are estimated along the same"
    " hours of {weeks}.",
    "even": "{between} {meter} was not heard. In the same hours of {weeks} nothing flowed: the {energy} kWh that it"
    " counted meanwhile are spread evenly, which is questionable.",
    "open": "{between} {meter} was not heard, and counted {energy} kWh. No week around was measured in all of these"
    " hours: they stay missing.",
    "week-1": "the week before",
    "week-2": "two weeks before",
    "week-3": "three weeks before",
    "week-4": "four weeks before",
    "week+1": "the week after",
    "week+2": "two weeks after",
    "week+3": "three weeks after",
    "week+4": "four weeks after",
    "row": "{hours}: {energy} kWh, {rule} (quality {code}, {quality})",
    "row_parts": "; ",
    "row_missing": "{hours}: missing, {reason}",
    "row_register": "{meter} from {before} to {after} kWh",
    "row_changed": "{meter} at {before} kWh, then {to} at {after} kWh",
    "row_apart": "readings at most {n} minute apart|readings at most {n} minutes apart",
    "row_curve": "mean power of {watts} W in steps of {n} minute, {nature}"
    "|mean power of {watts} W in steps of {n} minutes, {nature}",
    "watts": "{low} to {high}",
    "row_device": "the device says {energy} kWh",
    "row_outdated": "not what the readings give now",
    "rule_register": "measured by the register",
    "rule_split": "measured over a longer step, and divided",
    "rule_linear": "estimated in a straight line",
    "rule_shape": "estimated by the shape of other weeks",
    "rule_even": "spread evenly",
    "rule_energy": "as the device tells it",
    "rule_average": "from the mean power that the device tells",
    "rule_power": "computed from power",
    "rule_curve": "the operator's curve",
    "rule_operator_split": "the operator's curve, divided",
    "nature_metered": "as metered",
    "nature_completed": "completed",
    "nature_corrected": "corrected",
    "quality_0": "valid",
    "quality_8": "estimated",
    "quality_9": "estimated",
    "quality_10": "questionable",
    "quality_11": "computed",
    "quality_13": "mixed",
    "quality_14": "raw",
    "quality_17": "validated",
    "quality_19": "fit for billing",
    "quality_other": "other",
    "why_unmapped": "no device measured the point then",
    "why_waiting": "it waits to be computed",
    "why_no_before": "no reading of {silent} before that can be used",
    "why_no_after": "no reading of {silent} after that can be used",
    "why_break": "{silent} was reset, or leapt, meanwhile",
    "why_gap": "{silent} was not heard for too long",
    "why_silent": "another register of the point, {silent}, was not heard",
    "why_power": "the power of {silent} was not heard often enough",
}

_MONTHS: Final = {
    "en": "January February March April May June July August September October November December",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
}
_WEEKDAYS: Final = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
}
_NO_BREAK: Final = "\u00a0"
_NARROW: Final = "\u202f"


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of a language, and how it writes what they are filled with."""

    language: str

    def say(self, key: str, number: int = 1, /, **parts: str) -> str:
        """A text with its parts filled in; of its two forms, that for the number: in French, zero is no plural."""
        one, _, many = (EN if self.language == "en" else FR)[key].partition("|")
        is_one = number == 1 or (number == 0 and self.language == "fr")
        text = (one if is_one or not many else many).format(n=self._grouped(number), **parts)
        if self.language == "fr":
            text = text.replace(" :", f"{_NO_BREAK}:").replace(" ;", f"{_NO_BREAK};").replace(" kWh", f"{_NO_BREAK}kWh")
            text = text.replace(" W ", f"{_NO_BREAK}W ")
        return text

    def kwh(self, energy_wh: int) -> str:
        """Watt-hours as kilowatt-hours with three decimals."""
        whole, rest = divmod(abs(energy_wh), 1000)
        sign, point = "-" if energy_wh < 0 else "", "." if self.language == "en" else ","
        return f"{sign}{self._grouped(whole)}{point}{rest:03d}"

    def watts(self, mean_w: Sequence[float]) -> str:
        """Mean powers as the smallest and the largest of them, with what decimals they have, three at most."""
        low, high = (self._decimal(watts) for watts in (min(mean_w), max(mean_w)))
        return low if low == high else self.say("watts", low=low, high=high)

    def _decimal(self, watts: float) -> str:
        whole, _, rest = f"{watts:.3f}".rstrip("0").partition(".")
        point = "." if self.language == "en" else ","
        return self._grouped(int(whole)) + (point + rest if rest else "")

    def _grouped(self, number: int) -> str:
        return f"{number:,}" if self.language == "en" else f"{number:,}".replace(",", _NARROW)

    def day(self, day: date, *, is_whole: bool = False) -> str:
        """The day and its month; whole: with the day of the week and the year."""
        number = f"{day.day}er" if self.language == "fr" and day.day == 1 else str(day.day)
        text = f"{number} {_MONTHS[self.language].split()[day.month - 1]}"
        return f"{_WEEKDAYS[self.language].split()[day.weekday()]} {text} {day.year}" if is_whole else text

    def hour(self, at: datetime) -> str:
        """The time of day of a local instant; in the hour that comes twice, with its offset from UTC."""
        text = f"{at:%H:%M}" if self.language == "en" else f"{at.hour}{_NO_BREAK}h{_NO_BREAK}{at:%M}"
        return text + offset_if_twice(at)

    def listed(self, texts: Sequence[str]) -> str:
        """Texts one after the other, the last one after an "and"."""
        *most, last = texts
        return f"{', '.join(most)} {self.say('and')} {last}" if most else last
