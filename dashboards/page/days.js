// Local calendar days, written YYYY-MM-DD, and the steps of a day. Nothing here assumes that a day has 24 hours.

const DAY_MS = 86_400_000;

/** Is this text a calendar day that exists? */
export function isDay(text) {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text ?? "")) return false;
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

/** The calendar day `count` days later. Counted on the calendar (in UTC), so clock changes do not move it. */
export function shiftDay(day, count) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MS).toISOString().slice(0, 10);
}

/** The first day of the month of a calendar day, and of the month after it. */
export function monthAround(day) {
  const first = `${day.slice(0, 7)}-01`;
  return { start: first, end: `${shiftDay(first, 31).slice(0, 7)}-01` };
}

/** The local calendar day of an instant. */
export function dayOf(instant, zone) {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" })
    .formatToParts(new Date(instant))
    .reduce((found, { type, value }) => ({ ...found, [type]: value }), {});
  return `${parts.year}-${parts.month}-${parts.day}`;
}

/** The seven days of the strip: those that end on the latest day if they hold the shown one, else around it. */
export function weekAround(shown, latest) {
  const inReach = shown <= latest && shown > shiftDay(latest, -7);
  const last = inReach ? latest : shiftDay(shown, shown > latest ? 0 : 3);
  return Array.from({ length: 7 }, (_, i) => shiftDay(last, i - 6));
}

/** The name of a settlement step in the API. */
export function stepName(minutes) {
  return minutes === 60 ? "hour" : `${minutes}min`;
}

/**
 * Every step of a day up to the last known one, each with its row or, where nothing is known, null: a gap is never zero.
 * `known` bounds what the community has ever measured: [from, to) in ms. When clocks go back an hour happens twice:
 * its slots are marked `doubled`.
 */
export function slotsOf(balance, minutes, known, zone) {
  const step = minutes * 60_000;
  const rows = new Map(balance.rows.map((row) => [Date.parse(row.start), row]));
  const lastRow = Math.max(...rows.keys(), -Infinity) + step;
  const from = Math.max(Date.parse(balance.start), Math.min(known.from, ...rows.keys()));
  const to = Math.min(Date.parse(balance.end), Math.max(known.to, lastRow));
  const clock = new Intl.DateTimeFormat("en", { timeZone: zone, timeStyle: "short" });
  const times = new Map();
  const slots = [];
  for (let at = from; at < to; at += step) {
    const time = clock.format(at);
    times.set(time, (times.get(time) ?? 0) + 1);
    slots.push({ at, end: at + step, row: rows.get(at) ?? null, time });
  }
  return slots.map(({ time, ...slot }) => ({ ...slot, doubled: times.get(time) > 1 }));
}
