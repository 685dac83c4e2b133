// The day in words and figures: the opening sentence, the five figures and their bar, the three rates, the power now.
import { html, replace } from "./elements.js";

export const FIGURES = [
  ["production", "production_kwh"],
  ["surplus", "surplus_kwh"],
  ["shared", "allocated_kwh"],
  ["bought", "residual_kwh"],
  ["consumption", "consumption_kwh"],
];
const RATES = ["self_consumption", "self_sufficiency", "coverage"];
const QUESTIONABLE = 10;
const ESTIMATED = [8, 9];

/** One sentence that says how the day went. `running` when the day is today and not over. */
export function showLead(element, totals, running, words) {
  const strong = (text) => html("strong", {}, text);
  if (!totals.consumption_kwh) {
    replace(element, words.pieces("lead.unused", { energy: strong(words.energyUnit(totals.production_kwh)) }));
  } else if (!totals.production_kwh) {
    replace(element, words.pieces("lead.dark", { energy: strong(words.energyUnit(totals.consumption_kwh)) }));
  } else {
    const key = running ? "lead.today" : "lead.day";
    replace(element, words.pieces(key, { rate: strong(words.percent(totals.self_sufficiency_rate)) }));
  }
}

/** Is the day settled, what is still awaited, and how good are its values? */
export function showState(element, slots, totals, words) {
  const provisional = slots.filter(({ row }) => row && row.status !== "settled").length;
  const missing = slots.filter(({ row }) => !row).length;
  const whole = totals.status === "settled"; // a day that has not ended, or began before the first reading, is not
  const part = totals.completeness < 1 ? words.text("status.part", { part: words.part(totals.completeness) }) : null;
  const sentences = [
    provisional ? words.count("status.provisional", provisional) : null,
    missing ? words.count("status.missing", missing) : null,
    provisional || missing ? null : words.text(whole ? "status.settled" : "status.so_far"),
    part,
    ESTIMATED.includes(totals.quality) ? words.text("quality.estimated") : null,
    totals.quality === QUESTIONABLE ? words.text("quality.questionable") : null,
  ].filter(Boolean);
  element.dataset.status = provisional || missing || !whole ? "provisional" : "settled";
  replace(element, sentences.join(" "));
}

/** The place, the number of points and the key of a community, on one line. */
export function communityLine(community, words) {
  const type = community.key?.type;
  const key = words.has(`key.${type}`) ? words.text(`key.${type}`) : words.text("key.other", { type });
  const keeps = community.key?.surplus === "to_members" ? words.text("surplus.to_members") : null;
  return [community.place, words.count("points", community.points), type ? key : null, keeps].filter(Boolean).join(" · ");
}

/** The five figures in the order of an equation: production = surplus + shared, shared + bought = consumption. */
export function showFigures(list, totals, words) {
  replace(
    list,
    FIGURES.map(([name, column]) =>
      html(
        "div",
        { class: `figure ${name}`, "data-figure": name },
        html("dt", {}, words.text(`figure.${name}`)),
        html("dd", { class: "value" }, words.energy(totals[column]), html("span", { class: "unit" }, "\u00a0kWh")),
        html("dd", { class: "is" }, words.text(`figure.${name}.is`)),
      ),
    ),
  );
}

/** The same five in one bar: production and consumption overlap in what was shared. */
export function showFlow(element, totals, words) {
  const parts = [totals.surplus_kwh, totals.allocated_kwh, totals.residual_kwh].map((value) => value ?? 0);
  const whole = parts[0] + parts[1] + parts[2];
  element.hidden = whole === 0;
  if (whole === 0) return;
  const bracket = (name, from, size) => {
    const mark = html("div", { class: `bracket ${name}` }, html("span", {}, words.text(`figure.${name}`)));
    mark.style.marginInlineStart = `${(100 * from) / whole}%`;
    mark.style.inlineSize = `${(100 * size) / whole}%`;
    mark.hidden = size === 0;
    return mark;
  };
  const segments = ["surplus", "shared", "bought"].map((name, i) => {
    const segment = html("span", { class: name });
    segment.style.flexGrow = parts[i] / whole;
    return segment;
  });
  replace(
    element,
    bracket("production", 0, parts[0] + parts[1]),
    html("div", { class: "bar" }, segments.filter((_, i) => parts[i] > 0)),
    bracket("consumption", parts[0], parts[1] + parts[2]),
  );
}

/** Three rates, each with a gauge and a sentence; a rate without a denominator is said so, not zero. */
export function showRates(list, totals, words) {
  replace(
    list,
    RATES.map((name) => {
      const rate = totals[`${name}_rate`];
      const level = html("span");
      level.style.inlineSize = `${100 * Math.min(rate ?? 0, 1)}%`;
      return html(
        "div",
        { class: "rate", "data-rate": name },
        html("dt", {}, words.text(`rate.${name}`)),
        html("dd", { class: "value" }, words.percent(rate)),
        html("dd", { class: rate > 1 ? "gauge over" : "gauge", "aria-hidden": "true" }, level),
        html("dd", { class: "is" }, words.text(rate === null ? "rate.none" : `rate.${name}.is`)),
      );
    }),
  );
}

/** Power over the last minutes of the points heard; before the hub has answered, that it is being asked. */
export function showNow(element, now, words) {
  if (!now?.at) {
    replace(element, html("p", { class: "aside" }, words.text(now ? "now.silent" : "now.waiting")));
    return;
  }
  const top = Math.max(now.consumption_w ?? 0, now.production_w ?? 0, 1);
  const line = (name) => {
    const level = html("span");
    level.style.inlineSize = `${(100 * (now[`${name}_w`] ?? 0)) / top}%`;
    const label = html("span", {}, words.text(`now.${name}`));
    return html(
      "div",
      { class: `power ${name}`, "data-now": name },
      html("p", {}, html("strong", {}, words.power(now[`${name}_w`])), "\u00a0kW ", label),
      html("div", { class: "level", "aria-hidden": "true" }, level),
    );
  };
  const heard = { time: words.time(new Date(now.at)), points: now.points, expected: now.expected };
  replace(element, line("production"), line("consumption"), html("p", { class: "aside" }, words.text("now.heard", heard)));
}
