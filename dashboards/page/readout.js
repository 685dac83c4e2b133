// Read one interval of the chart: by pointer, by touch or by keyboard, and aloud by a screen reader.
import { html, replace } from "./elements.js";
import { FIGURES } from "./figures.js";

const JUMPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };

/**
 * Make the chart readable interval by interval. The host becomes a slider over the slots; `view()` gives the current
 * { slots, geometry, words, minutes }. Returns a function to call after each drawing.
 */
export function makeReadable(host, list, view) {
  let chosenAt = null;
  const chosen = () => {
    const { slots } = view();
    const index = slots.findIndex(({ at }) => at === chosenAt);
    if (index >= 0) return index;
    return slots.findLastIndex(({ row }) => row);
  };

  function choose(index) {
    const { slots } = view();
    if (slots.length === 0) return;
    chosenAt = slots[Math.min(Math.max(index, 0), slots.length - 1)].at;
    show();
  }

  function show() {
    const { slots, geometry, words } = view();
    const index = chosen();
    if (index < 0 || !geometry) return;
    const slot = slots[index];
    const cursor = host.querySelector(".cursor");
    cursor.setAttribute("x", geometry.x(slot.at));
    cursor.setAttribute("width", Math.max(2, geometry.x(slot.end) - geometry.x(slot.at)));
    host.classList.toggle("reading", chosenAt !== null);
    host.setAttribute("aria-valuemin", 0);
    host.setAttribute("aria-valuemax", slots.length - 1);
    host.setAttribute("aria-valuenow", index);
    host.setAttribute("aria-valuetext", aloud(slot, words));
    host.setAttribute("aria-label", words.text("chart.label"));
    showSlot(list, slot, words);
  }

  function pointAt(event) {
    const { slots, geometry } = view();
    if (!geometry || slots.length === 0) return;
    const box = host.getBoundingClientRect();
    const at = event.clientX - box.left;
    const index = slots.findIndex(({ end }) => geometry.x(end) > at);
    choose(index < 0 ? slots.length - 1 : index);
  }

  host.setAttribute("role", "slider");
  host.tabIndex = 0;
  host.addEventListener("pointermove", pointAt);
  host.addEventListener("pointerdown", pointAt);
  host.addEventListener("keydown", (event) => {
    const hour = Math.round(60 / view().minutes);
    const last = view().slots.length - 1;
    const targets = { Home: 0, End: last, PageUp: chosen() + hour, PageDown: chosen() - hour };
    const target = event.key in JUMPS ? chosen() + JUMPS[event.key] : targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    choose(target);
  });
  return show;
}

/** From when to when a slot lasts, in local time; of an hour that happens twice, which one. */
function span({ at, end, doubled }, words) {
  const times = `${words.time(at)}\u2009–\u2009${words.time(end)}`;
  return doubled ? `${times} (${words.offset(at)})` : times;
}

function statusOf(row, words) {
  if (!row) return words.text("chart.gap");
  const flows = words.text("chart.flows", { present: row.present, expected: row.expected });
  return row.status === "settled" ? words.text("chart.settled") : `${words.text("chart.provisional")}, ${flows}`;
}

function aloud(slot, words) {
  const values = FIGURES.map(([name, column]) => `${words.text(`figure.${name}`)} ${words.fine(slot.row?.[column])} kWh`);
  return [span(slot, words), ...(slot.row ? values : []), statusOf(slot.row, words)].join(", ");
}

function showSlot(list, slot, words) {
  const cell = (name, label, value) => html("div", { class: name }, html("dt", {}, label), html("dd", {}, value));
  replace(
    list,
    html(
      "div",
      { class: "when" },
      html("dt", {}, span(slot, words)),
      html("dd", { class: slot.row?.status ?? "missing" }, statusOf(slot.row, words)),
    ),
    FIGURES.map(([name, column]) => cell(name, words.text(`figure.${name}`), words.fine(slot.row?.[column]))),
  );
}

/** The chart as a table: every interval of the day, gaps named. */
export function showTable(host, slots, words) {
  const head = ["table.interval", ...FIGURES.map(([name]) => `figure.${name}`), "table.status"];
  const line = (slot) =>
    html(
      "tr",
      { class: slot.row?.status ?? "missing" },
      html("th", { scope: "row" }, span(slot, words)),
      FIGURES.map(([, column]) => html("td", {}, words.fine(slot.row?.[column]))),
      html("td", { class: "text" }, statusOf(slot.row, words)),
    );
  replace(
    host,
    html(
      "table",
      {},
      html("thead", {}, html("tr", {}, head.map((key) => html("th", { scope: "col" }, words.text(key))))),
      html("tbody", {}, slots.map(line)),
    ),
  );
}
