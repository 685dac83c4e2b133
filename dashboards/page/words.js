// Words, numbers and dates of one language. Values in, text out: no page, no network.
import { TEXTS } from "./texts.js";
import { TEXTS as MONTH_TEXTS } from "./texts_month.js";

export const LANGUAGES = ["en", "fr"];
const EVERY_TEXT = { ...TEXTS, ...MONTH_TEXTS };
const LOCALES = { en: "en-GB", fr: "fr-FR" };

/** The first of the wanted languages that the page speaks; English otherwise. */
export function chooseLanguage(...wanted) {
  for (const tag of wanted.flat()) {
    const language = String(tag ?? "").slice(0, 2).toLowerCase();
    if (LANGUAGES.includes(language)) return language;
  }
  return "en";
}

/** 13:30 as 13 h 30, and 03:00 as 3 h. */
function inHours(time) {
  const [hours, minutes] = time.split(":");
  return `${Number(hours)}\u00a0h${minutes === "00" ? "" : `\u00a0${minutes}`}`;
}

/** Texts and formats of a language; instants are shown in the time zone of the community. */
export function wordsOf(language, zone = "UTC") {
  const locale = LOCALES[language];
  const column = LANGUAGES.indexOf(language);
  const plural = new Intl.PluralRules(locale);
  const number = (options) => new Intl.NumberFormat(locale, options);
  const tenths = number({ minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const hundredths = number({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const whole = number({ maximumFractionDigits: 0 });
  const percent = number({ style: "percent", maximumFractionDigits: 0 });
  const euros = number({ style: "currency", currency: "EUR" });
  const more = number({ minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" });
  const morePercent = number({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" });
  const date = (options) => new Intl.DateTimeFormat(locale, options);
  const clock = date({ timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const zoned = date({ timeZone: zone, hour: "2-digit", timeZoneName: "shortOffset" });
  const dayFormats = {
    long: date({ timeZone: "UTC", weekday: "long", day: "numeric", month: "long", year: "numeric" }),
    month: date({ timeZone: "UTC", month: "long", year: "numeric" }),
    short: date({ timeZone: "UTC", day: "numeric", month: "long", year: "numeric" }),
    weekday: date({ timeZone: "UTC", weekday: "short" }),
    number: date({ timeZone: "UTC", day: "numeric" }),
  };

  const raw = (key) => EVERY_TEXT[key]?.[column];
  const text = (key, values = {}) =>
    (raw(key) ?? key).replace(/\{(\w+)\}/g, (gap, name) => values[name] ?? gap);
  const missing = (value) => value === null || value === undefined;

  return {
    language,
    zone,
    has: (key) => raw(key) !== undefined,
    text,
    /** The text as pieces, so that a value may be an element of its own. */
    pieces: (key, values) => (raw(key) ?? key).split(/\{(\w+)\}/).map((piece, i) => (i % 2 ? values[piece] : piece)),
    count: (key, n) => text(`${key}.${plural.select(n) === "one" ? "one" : "other"}`, { n: whole.format(n) }),
    /** Energy of a day: enough digits to compare, no more. */
    energy: (kwh) => (missing(kwh) ? "–" : (Math.abs(kwh) < 1000 ? tenths : whole).format(kwh)),
    energyUnit: (kwh) => (missing(kwh) ? "–" : `${(Math.abs(kwh) < 1000 ? tenths : whole).format(kwh)}\u00a0kWh`),
    /** Energy of one interval. */
    fine: (kwh) => (missing(kwh) ? "–" : hundredths.format(kwh)),
    tick: (kwh) => number({ maximumFractionDigits: 2 }).format(kwh),
    power: (watts) => (missing(watts) ? "–" : tenths.format(watts / 1000)),
    /** More or less, with its sign. */
    signed: (kwh) => (missing(kwh) ? "–" : more.format(kwh)),
    signedPercent: (rate) => (missing(rate) ? "–" : morePercent.format(rate)),
    whole: (count) => whole.format(count),
    /** A part of what was awaited: never 100% before it is whole, nor 0% where something is known. */
    part: (rate) => percent.format(rate > 0 ? Math.max(0.01, Math.floor(rate * 100) / 100) : 0),
    /** EUR, which the hub says as exact decimal text. */
    euros: (amount) => (missing(amount) ? "–" : euros.format(amount)),
    percent: (rate) => (missing(rate) ? "–" : percent.format(rate)),
    /** The time of day: 13:30, or in French 13 h 30. */
    time: (instant) => (language === "fr" ? inHours(clock.format(instant)) : clock.format(instant)),
    /** Which of the two when clocks go back: UTC+2 or UTC+1. */
    offset: (instant) => zoned.formatToParts(instant).find(({ type }) => type === "timeZoneName").value,
    day: (day, format = "long") => dayFormats[format].format(Date.parse(`${day}T00:00:00Z`)),
  };
}
