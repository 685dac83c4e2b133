// The day's chart, drawn by hand in SVG: what was shared and bought up to the consumption line, surplus above it.
import { html, replace, svg } from "./elements.js";

const MARGIN = { top: 14, right: 8, bottom: 26, left: 40 };
const HOUR_MS = 3_600_000;
const LAYERS = [
  ["shared", () => 0, (row) => row.allocated_kwh],
  ["bought", (row) => row.allocated_kwh, (row) => row.residual_kwh],
  ["surplus", (row) => row.allocated_kwh + row.residual_kwh, (row) => row.surplus_kwh],
];
const LINES = [
  ["consumption", "consumption_kwh"],
  ["production", "production_kwh"],
];

/** Draw the slots of a day between two instants; returns { geometry } for the reader of intervals. */
export function drawChart(host, { slots, start, end, words }) {
  const width = Math.max(280, host.clientWidth);
  const height = width < 560 ? 250 : Math.min(400, Math.round(width * 0.34));
  const top = Math.max(0.1, ...slots.map(({ row }) => (row ? heightOf(row) : 0)));
  const ticks = ticksUpTo(top);
  const ceiling = ticks.at(-1);
  const x = (at) => MARGIN.left + ((at - start) / (end - start)) * (width - MARGIN.left - MARGIN.right);
  const y = (kwh) => height - MARGIN.bottom - (kwh / ceiling) * (height - MARGIN.top - MARGIN.bottom);
  const geometry = { width, height, x, y, start, end, floor: y(0), ceiling: y(ceiling) };

  const runs = runsOf(slots, ({ row }) => (row ? row.status : null));
  const known = runsOf(slots, ({ row }) => (row ? "known" : null));
  replace(
    host,
    svg(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true", class: "day" },
      patterns(),
      grid(geometry, ticks, words),
      gaps(slots, geometry, words),
      runs.map((run) => layers(run, geometry)),
      known.map((run) => lines(run, geometry)),
      hours(geometry, words),
      svg("rect", { class: "cursor", y: geometry.ceiling, height: geometry.floor - geometry.ceiling, width: 0, x: 0 }),
    ),
  );
  return geometry;
}

/** What the legend must name: the layers and lines always, the rest only where it is drawn. */
export function showLegend(list, slots, words) {
  const item = (name, key) =>
    html("li", {}, html("span", { class: `swatch ${name}`, "aria-hidden": "true" }), words.text(key));
  replace(
    list,
    item("shared", "figure.shared"),
    item("bought", "figure.bought"),
    item("surplus", "figure.surplus"),
    item("line consumption", "figure.consumption"),
    item("line production", "figure.production"),
    slots.some(({ row }) => row && row.status !== "settled") ? item("provisional", "chart.provisional") : null,
    slots.some(({ row }) => !row) ? item("gap", "chart.gap") : null,
  );
}

function heightOf(row) {
  return Math.max(row.allocated_kwh + row.residual_kwh + row.surplus_kwh, row.production_kwh);
}

/** Round values from zero to at least `top`, four to six of them. */
export function ticksUpTo(top) {
  const rough = top / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
  const count = Math.ceil(top / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => i * step);
}

/** Neighbouring slots of the same kind, as runs; slots of kind null belong to none. */
function runsOf(slots, kindOf) {
  const runs = [];
  let kind = null;
  for (const slot of slots) {
    const next = kindOf(slot);
    if (next !== null && next === kind) runs.at(-1).slots.push(slot);
    else if (next !== null) runs.push({ kind: next, slots: [slot] });
    kind = next;
  }
  return runs;
}

function patterns() {
  const hatch = svg(
    "pattern",
    { id: "hatch", width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    svg("rect", { width: 1.6, height: 5, class: "hatch-line" }),
  );
  const dots = svg(
    "pattern",
    { id: "dots", width: 6, height: 6, patternUnits: "userSpaceOnUse" },
    svg("circle", { cx: 1.5, cy: 1.5, r: 1, class: "dot" }),
  );
  return svg("defs", {}, hatch, dots);
}

/** A stepped area between two heights, run by run, so that neighbouring intervals leave no seam. */
function area(slots, { x, y }, low, high) {
  const edge = (heightAt) =>
    slots.flatMap(({ at, end, row }) => [at, end].map((side) => `${n(x(side))} ${n(y(heightAt(row)))}`));
  return `M${edge(high).join("L")}L${edge(low).reverse().join("L")}Z`;
}

function layers({ kind, slots }, geometry) {
  const drawn = LAYERS.map(([name, from, size]) =>
    svg("path", { class: `layer ${name}`, d: area(slots, geometry, from, (row) => from(row) + size(row)) }),
  );
  if (kind === "settled") return svg("g", { class: "settled" }, drawn);
  const cover = svg("path", { class: "hatched", d: area(slots, geometry, () => 0, heightOf) });
  return svg("g", { class: "provisional" }, drawn, cover);
}

function lines({ slots }, { x, y }) {
  return LINES.map(([name, column]) => {
    const parts = runsOf(slots, ({ row }) => (row[column] > 0 ? name : null));
    const step = ({ at, end, row }, i) => `${i ? "L" : "M"}${n(x(at))} ${n(y(row[column]))}H${n(x(end))}`;
    const d = parts.map((part) => part.slots.map(step).join("")).join("");
    return d ? svg("path", { class: `outline ${name}`, d }) : null;
  });
}

function gaps(slots, { x, floor, ceiling }, words) {
  return runsOf(slots, ({ row }) => (row ? null : "gap")).map((run) => {
    const left = x(run.slots[0].at);
    const right = x(run.slots.at(-1).end);
    const box = { x: n(left), y: n(ceiling), width: n(right - left), height: n(floor - ceiling) };
    const middle = n((left + right) / 2);
    const label = { x: middle, y: ceiling + 14, class: "gap-label", "text-anchor": "middle" };
    return svg(
      "g",
      { class: "gap" },
      svg("rect", box),
      right - left > 40 ? svg("text", label, words.text("chart.gap")) : null,
    );
  });
}

function grid({ width, x, y, start }, ticks, words) {
  return ticks.map((kwh) =>
    svg(
      "g",
      { class: kwh === 0 ? "grid floor" : "grid" },
      svg("line", { x1: x(start), x2: width - MARGIN.right, y1: n(y(kwh)), y2: n(y(kwh)) }),
      svg("text", { x: MARGIN.left - 8, y: n(y(kwh) + 4), "text-anchor": "end" }, words.tick(kwh)),
    ),
  );
}

/** Labels at local hours, asked from the calendar hour by hour: a day may have 23 or 25 of them. */
function hours({ width, height, x, start, end }, words) {
  const every = width < 560 ? 6 : 3;
  const marks = [];
  for (let at = start; at < end; at += HOUR_MS) {
    const local = Number.parseInt(words.time(at), 10);
    if (local % every === 0 && local !== marks.at(-1)?.local) marks.push({ at, local });
  }
  return marks.map(({ at }, i) =>
    svg(
      "g",
      { class: "hour" },
      svg("line", { x1: n(x(at)), x2: n(x(at)), y1: height - MARGIN.bottom, y2: height - MARGIN.bottom + 5 }),
      svg("text", { x: n(x(at)), y: height - 6, "text-anchor": i === 0 ? "start" : "middle" }, words.time(at)),
    ),
  );
}

function n(value) {
  return Math.round(value * 10) / 10;
}
