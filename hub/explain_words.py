"""The words of `hub explain`: every text in English, and how each language writes numbers, days and hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from energy.time import offset_if_twice
from hub.explain_french import FR

EN: Final = {
    "summary": "{point}, {flow}, {period}: {total} kWh.",
    "summary_none": "{point}, {period}: the {flow} is not known.",
    "flow_import": "energy withdrawn",
    "flow_export": "energy injected",
    "counts": "Of {quarters}: {parts}.",
    "counts_all": "All {n} quarter-hours are measured.",
    "quarters": "{n} quarter-hour|{n} quarter-hours",
    "measured": "{n} measured|{n} measured",
    "derived": "{n} computed from power|{n} computed from power",
    "estimated": "{n} estimated|{n} estimated",
    "questionable": "{n} questionable|{n} questionable",
    "missing": "{n} missing (which is not zero)|{n} missing (which is not zero)",
    "device_counts": "No curve of the operator is known for this span: the device's figures are used.",
    "operator_counts": "The operator's curve counts, as it always does where there is one.",
    "both_count": "The operator's curve counts in {quarters}, the device's figures in the others.",
    "curve_files": "The curve comes from the file {files}.|The curve comes from the files {files}.",
    "more_files": "{n} more|{n} more",
    "compared": "Where both are known, the operator says {operator} kWh and the device {device} kWh.",
    "kept": "What was computed of {quarters} is kept as it is (`hub retention`): the readings that are left do not give"
    " it any more.",
    "outdated": "What readings give now is not what is stored for {quarters}: they wait to be computed (`hub stale`).",
    "events": "What happened:",
    "no_events": "No reading of the devices was left out.",
    "rows": "Quarter-hours:",
    "nothing": "Nothing is known of {point}, {period}.",
    "meter": "the meter {device}",
    "meter_tariff": "the {tariff} register of {device}",
    "register_total": "the total register of {device}",
    "register_alone": "the register of {device}",
    "for_tariff": " for tariff {tariff}",
    "on_day": "on {day}",
    "on_day_hours": "on {day}, from {start} to {end}",
    "days": "from {start} to {end}",
    "at_hour": "At {hour}",
    "at_day": "On {day} at {hour}",
    "day_hour": "{day} at {hour}",
    "between": "Between {start} and {end}",
    "between_day": "On {day} between {start} and {end}",
    "between_days": "Between {start} and {end}",
    "hours": "{start} to {end}",
    "hours_of_day": "{day}, {start} to {end}",
    "and": "and",
    "glitch_low": "{at} {meter} showed {after} kWh, less than the {before} kWh before, then went on as before: this"
    " reading is left out.",
    "glitch_high": "{at} {meter} showed {after} kWh, which does not fit the {before} kWh before, then went on as"
    " before: this reading is left out.",
    "held": "{at} {meter} showed {after} kWh after {before} kWh, which does not fit:"
    " this reading is left out until the next ones tell.",
    "outage": "{at} {meter} showed 0 although it had counted before: this is an outage, the reading is left out.|"
    "{between} {meter} showed 0 in {n} readings although it had counted before: this is an outage,"
    " they are left out.",
    "set_back": "{at} {meter} told a reading for the second time, and more than it showed afterwards: its clock was set"
    " back, this reading is left out.|{between} {meter} told {n} readings for the second time, and more than it showed"
    " afterwards: its clock was set back, they are left out.",
    "reset": "{between} {meter} fell from {before} to {after} kWh and went on from there: it was reset or replaced. "
    "Nothing is counted across it; if the meter was replaced, `hub swap` records it.",
    "leap": "{between} {meter} rose from {before} to {after} kWh, more than can flow in that time:"
    " nothing is counted across it.",
    "rollover": "{between} {meter} reached its last number and began again at zero, from {before} to {after} kWh:"
    " the {energy} kWh are counted.",
    "swap": "{at} the meter was replaced, as recorded{for_tariff}: the old one, {device}, ended at {before} kWh, the"
    " new one, {to}, began at {after} kWh. The register goes on from one to the other.",
    "replaced": "{at} {to} replaced {device}, and what both showed then{for_tariff} is not recorded: what flowed"
    " between their readings is not counted. `hub swap` records it.",
    "swap_left_out": "{at} the meter was replaced, as recorded{for_tariff}, at {before} kWh by one at {after} kWh."
    " These indexes do not fit the readings around them, and are left out.",
    "swap_unfit": "{at} the meter was replaced, as recorded{for_tariff}, at {before} kWh by one at {after} kWh."
    " These indexes do not fit the readings around them: nothing is counted across. `hub swap` corrects them.",
    "swap_unused": "{at} a replacement of the meter is recorded{for_tariff}, from {before} to {after} kWh, but no"
    " device tells both registers: it does not count yet.",
    "swap_kept": "{at} a replacement of the meter is recorded{for_tariff}, from {before} to {after} kWh. What was"
    " computed of that time is kept as it is.",
    "linear": "{between} {meter} was not heard. It counted {energy} kWh meanwhile; they are spread evenly over that"
    " time.|{between} {meter} was heard rarely, {n} times more than half an hour apart. It counted {energy} kWh; they "
    "are spread evenly between its readings.",
    "still": "{between} {meter} was not heard, and showed {after} kWh before and after: nothing flowed.",
    "shape": "{between} {meter} was not heard. It counted {energy} kWh meanwhile; they are spread as in the same hours"
    " of {weeks}.",
    "even": "{between} {meter} was not heard. In the same hours of {weeks} nothing flowed: the {energy} kWh that it"
    " counted meanwhile are spread evenly, which is questionable.",
    "open": "{between} {meter} was not heard, and counted {energy} kWh. No week around was measured in all of these"
    " hours: they stay missing.",
    "weeks-1": "the week before",
    "weeks-2": "the two weeks before",
    "weeks-3": "the three weeks before",
    "weeks-4": "the four weeks before",
    "weeks+1": "the week after",
    "weeks+2": "the two weeks after",
    "weeks+3": "the three weeks after",
    "weeks+4": "the four weeks after",
    "week-2": "the second week before",
    "week-3": "the third week before",
    "week-4": "the fourth week before",
    "week+2": "the second week after",
    "week+3": "the third week after",
    "week+4": "the fourth week after",
    "row": "{hours}: {energy} kWh, {rule} (quality {code}, {quality})",
    "row_parts": "; ",
    "row_missing": "{hours}: missing, {reason}",
    "row_heard": "it was last heard on {day} at {hour}",
    "row_register": "{meter} from {before} to {after} kWh",
    "row_changed": "{meter} at {before} kWh, then {to} at {after} kWh",
    "row_apart": "readings at most {n} minute apart|readings at most {n} minutes apart",
    "row_curve": "mean power of {watts} W in steps of {n} minute, {nature}"
    "|mean power of {watts} W in steps of {n} minutes, {nature}",
    "watts": "{low} to {high}",
    "row_device": "the device says {energy} kWh",
    "row_device_doubt": "the device says {energy} kWh, {rule} (quality {code}, {quality})",
    "row_kept": "kept as it was computed",
    "row_outdated": "not what the readings give now",
    "rule_register": "measured by the register",
    "rule_split": "measured over a longer step, and divided",
    "rule_linear": "spread evenly between two readings",
    "rule_shape": "estimated by the shape of other weeks",
    "rule_even": "spread evenly",
    "rule_energy": "as the device tells it",
    "rule_average": "from the mean power that the device tells",
    "rule_power": "computed from power",
    "rule_curve": "the operator's curve",
    "rule_operator_split": "the operator's curve, divided",
    "rule_operator_split_30": "half-hours of the operator, divided",
    "rule_operator_split_60": "hours of the operator, divided",
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
    "quality_doubted": "{quality}: {reasons}",
    "doubt_night": "produced while the sun was well below the horizon",
    "doubt_frozen": "the power did not change for {n} hour or longer|the power did not change for {n} hours or longer",
    "doubt_status": "the operator's status of it is not known",
    "why_unmapped": "no device measured the point then",
    "why_waiting": "it waits to be computed",
    "why_kept": "what was computed of that time is kept as it is",
    "why_removed": "the readings of that time were removed for their age",
    "why_no_before": "no usable reading of {silent} comes before",
    "why_no_after": "no usable reading of {silent} follows",
    "why_replaced": "{to} replaced {silent} then, and what both showed is not recorded",
    "why_break": "{register} was reset, or leapt, meanwhile",
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
        text = f"{at:%H:%M}" if self.language == "en" else f"{at.hour}{_NO_BREAK}h"
        if self.language == "fr" and at.minute:
            text += f"{_NO_BREAK}{at:%M}"
        return text + offset_if_twice(at)

    def listed(self, texts: Sequence[str]) -> str:
        """Texts one after the other, the last one after an "and"."""
        *most, last = texts
        return f"{', '.join(most)} {self.say('and')} {last}" if most else last

    def weeks(self, weeks: Sequence[int]) -> str:
        """Weeks around a gap (-1: the one before): those that follow one another from it on are told together."""
        texts: list[str] = []
        for sign, there in (("-", [-week for week in weeks if week < 0]), ("+", [week for week in weeks if week > 0])):
            if sorted(there) == [*range(1, len(there) + 1)]:
                texts += [self.say(f"weeks{sign}{len(there)}")] if there else []
            else:
                texts += [self.say(f"week{sign}{week}" if week > 1 else f"weeks{sign}1") for week in sorted(there)]
        return self.listed(texts)
