"""What happened to a point, and its quarter-hours, as sentences to be read out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from energy.time import STEP, Span, local_date, local_midnight
from hub.explain_alike import KINDS, goes_on, is_plain, kind_of, likeness
from hub.explain_words import EN, Words
from ingest.files.words import shown
from processing.explain import Flow, Quarter, Said
from processing.explain_events import Event
from processing.explain_missing import Missing
from processing.flags import FROZEN_AFTER
from processing.intervals import VALID

ROWS_ONE_BY_ONE: Final = 24
"""So many quarter-hours are told one by one where they are known; of more, those alike together."""
FILES_NAMED: Final = 5
NAME_SHOWN: Final = 80
"""So many letters of the name of a file."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells of a point in a span, in a language and the time of a zone."""

    point: str
    span: Span
    zone: ZoneInfo
    words: Words

    def tell(self, flows: Sequence[Flow]) -> list[str]:
        """The lines to be read out."""
        if not flows:
            return [self.words.say("nothing", point=self.point, period=self._period())]
        lines: list[str] = []
        for flow in flows:
            lines += [*([""] if lines else []), *self._tell_flow(flow)]
        return lines

    def _tell_flow(self, flow: Flow) -> Iterator[str]:
        say = self.words.say
        yield from self._summary(flow)
        yield ""
        devices = [quarter for quarter in flow.quarters if quarter.device]
        if flow.events or (devices and not any(quarter.is_kept for quarter in devices)):
            yield say("events" if flow.events else "no_events")
            yield from (f"- {self.event(event)}" for event in flow.events)
            yield ""
        yield say("rows")
        yield from (f"- {self._row(run)}" for run in self._runs(flow.quarters))

    def _summary(self, flow: Flow) -> Iterator[str]:
        say, quarters = self.words.say, flow.quarters
        known = [quarter for quarter in quarters if quarter.counts]
        key, total = ("summary", self.words.kwh(flow.total_wh)) if known else ("summary_none", "")
        yield say(key, point=self.point, flow=say(f"flow_{flow.flow}"), period=self._period(), total=total)
        kinds = [kind_of(quarter) for quarter in quarters]
        counted = [say(kind, kinds.count(kind)) for kind in KINDS if kind == "measured" or kind in kinds]
        if len(quarters) > 1 and {*kinds} == {"measured"}:
            yield say("counts_all", len(quarters))
        else:
            yield say("counts", quarters=say("quarters", len(quarters)), parts=", ".join(counted))
        operator = sum(quarter.source == "operator" for quarter in quarters)
        if not operator:
            yield say("device_counts")
        elif operator == len(known):
            yield say("operator_counts")
        else:
            yield say("both_count", quarters=say("quarters", operator))
        yield from self._files(quarters)
        both = [(q.operator.energy_wh, q.device.energy_wh) for q in quarters if q.operator and q.device]
        if both:
            operator_wh, device_wh = (self.words.kwh(sum(side)) for side in zip(*both, strict=True))
            yield say("compared", operator=operator_wh, device=device_wh)
        kept = sum(quarter.is_kept for quarter in known)
        outdated = sum(not quarter.is_current and not quarter.is_kept for quarter in quarters)
        yield from (say(key, quarters=say("quarters", n)) for key, n in (("kept", kept), ("outdated", outdated)) if n)

    def _files(self, quarters: Sequence[Quarter]) -> Iterator[str]:
        """The files whose values count, in the order in which they do."""
        told = (value.file for quarter in quarters if quarter.operator for value in quarter.curve)
        files = [file for file in dict.fromkeys(told) if file]  # one that held a forgotten point has no name any more
        if files:
            names = [shown(file, NAME_SHOWN) for file in files[:FILES_NAMED]]
            names += [self.words.say("more_files", len(files) - FILES_NAMED)] if len(files) > FILES_NAMED else []
            yield self.words.say("curve_files", len(files), files=self.words.listed(names))

    def event(self, event: Event) -> str:
        """What happened, in a sentence."""
        before, after, energy = (
            "" if wh is None else self.words.kwh(wh) for wh in (event.before_wh, event.after_wh, event.energy_wh)
        )
        return self.words.say(
            event.kind,
            event.times,
            at=self._at(event.at),
            between=self._between(event.at, event.until),
            meter=self._meter(event.device, event.tariff),
            for_tariff=self.words.say("for_tariff", tariff=event.tariff) if event.tariff else "",
            device=event.device,
            to=event.to,
            weeks=self.words.weeks(event.weeks) if event.weeks else "",
            before=before,
            after=after,
            energy=energy,
        )

    def _runs(self, quarters: Sequence[Quarter]) -> list[list[Quarter]]:
        """Quarter-hours that are alike and told together: what is missing, and in a long span also what is known.

        They are of one local day, and their registers go on from one to the next.
        """
        is_long = len(quarters) > ROWS_ONE_BY_ONE
        runs: list[list[Quarter]] = []
        for quarter in quarters:
            last = runs[-1][-1] if runs else None
            if (
                last
                and (is_long or not quarter.counts)
                and likeness(last) == likeness(quarter)
                and self._day(last.start) == self._day(quarter.start)
                and goes_on(last, quarter)
            ):
                runs[-1].append(quarter)
            else:
                runs.append([quarter])
        return runs

    def _row(self, run: Sequence[Quarter]) -> str:
        say, first = self.words.say, run[0]
        hours = self._hours(first.start, run[-1].start + STEP)
        if not first.counts:
            return self._row_missing(hours, first.missing or Missing("waiting"))
        energy_wh = sum(quarter.counts.energy_wh for quarter in run if quarter.counts)
        parts = [say("row", hours=hours, energy=self.words.kwh(energy_wh), **self._made(first.counts, first))]
        if first.operator and first.is_current:
            parts += self._curve(run)
        if first.operator and first.device:
            device_wh = sum(quarter.device.energy_wh for quarter in run if quarter.device)
            made = self._made(first.device)
            is_valid = first.device.quality == VALID
            parts.append(
                say("row_device" if is_valid else "row_device_doubt", energy=self.words.kwh(device_wh), **made)
            )
        if first.is_current:
            parts += self._registers(run)
        else:
            parts.append(say("row_kept" if first.is_kept else "row_outdated"))
        return say("row_parts").join(parts) + "."

    def _row_missing(self, hours: str, missing: Missing) -> str:
        say = self.words.say
        silent, register = self._silent(missing)
        reason = say(f"why_{missing.reason}", silent=silent, register=register, to=missing.replaced_by)
        parts = [say("row_missing", hours=hours, reason=reason)]
        if missing.heard_at and missing.heard_at < self.span.start:
            day = self.words.day(self._day(missing.heard_at))
            parts.append(say("row_heard", day=day, hour=self._hour(missing.heard_at)))
        return say("row_parts").join(parts) + "."

    def _silent(self, missing: Missing) -> tuple[str, str]:
        """What does not speak, and its register: that of a tariff or the total one, where its device has several."""
        say, device, tariff = self.words.say, missing.silent, missing.silent_tariff
        if tariff is None:
            return device, say("register_alone", device=device)
        named = self._meter(device, tariff) if tariff else say("register_total", device=device)
        return named, named

    def _made(self, said: Said, quarter: Quarter | None = None) -> dict[str, str]:
        """How a source comes to what it says; of the quarter-hour of an operator, by the steps of its curve."""
        rule = said.method
        if quarter and quarter.operator and said.method == "split":
            steps = "_".join(str(step_min) for step_min in sorted({value.step_min for value in quarter.curve}))
            rule = f"operator_split_{steps}" if f"rule_operator_split_{steps}" in EN else "operator_split"
        quality = f"quality_{said.quality}" if f"quality_{said.quality}" in EN else "quality_other"
        told = self.words.say(quality)
        if said.doubts:
            hours = FROZEN_AFTER // timedelta(hours=1)
            reasons = self.words.listed([self.words.say(f"doubt_{doubt}", hours) for doubt in said.doubts])
            told = self.words.say("quality_doubted", quality=told, reasons=reasons)
        return {"rule": self.words.say(f"rule_{rule}"), "code": str(said.quality), "quality": told}

    def _curve(self, run: Sequence[Quarter]) -> Iterator[str]:
        """The operator's values behind a run: their mean power, by step and nature."""
        means: dict[tuple[int, str], list[float]] = {}
        for value in (value for quarter in run for value in quarter.curve):
            means.setdefault((value.step_min, value.nature), []).append(value.mean_w)
        for (step_min, nature), mean_w in means.items():
            watts = self.words.watts(mean_w)
            yield self.words.say("row_curve", step_min, watts=watts, nature=self.words.say(f"nature_{nature}"))

    def _registers(self, run: Sequence[Quarter]) -> Iterator[str]:
        """The registers at both ends of a run, and how far apart the readings are that tell them."""
        for first, last in zip(run[0].registers, run[-1].registers, strict=True):
            if first.start_wh is None or last.end_wh is None:
                continue
            yield self.words.say(
                "row_register" if is_plain(first) else "row_changed",
                meter=self._meter(first.device, first.tariff),
                to=self._meter(last.end_device, last.tariff),
                before=self.words.kwh(first.start_wh),
                after=self.words.kwh(last.end_wh),
            )
        apart = [register.apart_s or 0 for quarter in run for register in quarter.registers]
        minutes = -int(-max(apart, default=0) // 60)
        is_shaped = any(r.apart_s is None and r.energy_wh is not None for quarter in run for r in quarter.registers)
        if minutes and not is_shaped:
            yield self.words.say("row_apart", minutes)

    def _meter(self, device: str, tariff: str) -> str:
        if tariff:
            return self.words.say("meter_tariff", device=device, tariff=tariff)
        return self.words.say("meter", device=device)

    def _day(self, at: datetime) -> date:
        return local_date(at, self.zone)

    def _last_day(self) -> date:
        return self._day(self.span.end - timedelta(microseconds=1))

    def _period(self) -> str:
        words, first, last = self.words, self._day(self.span.start), self._last_day()
        starts_whole = local_midnight(first, self.zone) == self.span.start
        ends_whole = local_midnight(last + timedelta(days=1), self.zone) == self.span.end
        if first == last and starts_whole and ends_whole:
            return words.say("on_day", day=words.day(first, is_whole=True))
        if first == last:
            start, end = self._hour(self.span.start), self._hour(self.span.end, is_end=True)
            return words.say("on_day_hours", day=words.day(first, is_whole=True), start=start, end=end)
        start, end = (words.day(day, is_whole=True) for day in (first, last))
        if not starts_whole or not ends_whole:
            start = words.say("day_hour", day=start, hour=self._hour(self.span.start))
            end = words.say("day_hour", day=end, hour=self._hour(self.span.end, is_end=True))
        return words.say("days", start=start, end=end)

    def _hour(self, at: datetime, *, is_end: bool = False) -> str:
        """The time of day; that of an end at midnight is 24:00."""
        local = at.astimezone(self.zone)
        if is_end and local_midnight(local.date(), self.zone) == at:
            return "24:00" if self.words.language == "en" else "24\u00a0h"
        return self.words.hour(local)

    def _is_one_day(self, *instants: datetime) -> bool:
        """Whether all of it happens on one day, which then need not be said."""
        return {self._day(self.span.start), self._last_day()} == {self._day(at) for at in instants}

    def _at(self, at: datetime) -> str:
        if self._is_one_day(at):
            return self.words.say("at_hour", hour=self._hour(at))
        return self.words.say("at_day", day=self.words.day(self._day(at)), hour=self._hour(at))

    def _between(self, start: datetime, end: datetime) -> str:
        if self._is_one_day(start, end):
            return self.words.say("between", start=self._hour(start), end=self._hour(end))
        if self._day(start) == self._day(end):
            day = self.words.day(self._day(start))
            return self.words.say("between_day", day=day, start=self._hour(start), end=self._hour(end))
        moments = [
            self.words.say("day_hour", day=self.words.day(self._day(at)), hour=self._hour(at)) for at in (start, end)
        ]
        return self.words.say("between_days", start=moments[0], end=moments[1])

    def _hours(self, start: datetime, end: datetime) -> str:
        from_hour, to_hour = self._hour(start), self._hour(end, is_end=True)
        if self._is_one_day(start):
            return self.words.say("hours", start=from_hour, end=to_hour)
        return self.words.say("hours_of_day", day=self.words.day(self._day(start)), start=from_hour, end=to_hour)
