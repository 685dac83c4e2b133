// Seven days as small bars; choosing one shows it.
import { html, replace, svg } from "./elements.js";

const HEIGHT = 120;
const WIDTH = 40;

/** Draw the strip. `rows` maps a local day to its row; a day without a row is shown empty, not zero. */
export function showWeek(list, { days, rows, shown, onChoose, words }) {
  const top = Math.max(0.1, ...[...rows.values()].map((row) => Math.max(row.consumption_kwh, row.production_kwh)));
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.day : null;
  replace(
    list,
    days.map((day) => {
      const row = rows.get(day) ?? null;
      const current = day === shown ? "date" : null;
      const button = html(
        "button",
        { type: "button", "aria-label": said(day, row, words), "aria-current": current, "data-day": day },
        bars(row, top),
        html("span", { class: "weekday" }, words.day(day, "weekday")),
        html("span", { class: "number" }, words.day(day, "number")),
        html("span", { class: "rate" }, row ? words.percent(row.self_sufficiency_rate) : "–"),
        isPart(row) ? html("span", { class: "part" }, words.text("week.part", { part: words.part(row.completeness) })) : null,
      );
      button.addEventListener("click", () => onChoose(day));
      return html("li", {}, button);
    }),
  );
  if (focused) list.querySelector(`[data-day="${focused}"]`)?.focus();
}

function isPart(row) {
  return row !== null && row.completeness < 1;
}

function said(day, row, words) {
  const name = words.day(day);
  if (!row) return words.text("week.empty", { day: name });
  return words.text(isPart(row) ? "week.day.part" : "week.day", {
    part: words.part(row.completeness),
    day: name,
    consumption: words.energyUnit(row.consumption_kwh),
    shared: words.energyUnit(row.allocated_kwh),
    production: words.energyUnit(row.production_kwh),
  });
}

/** Consumption (shared below, bought above) beside production (shared below, surplus above), on one scale. */
function bars(row, top) {
  const scale = (kwh) => (kwh / top) * HEIGHT;
  const block = (name, x, width, from, size) =>
    size > 0 ? svg("rect", { class: name, x, width, y: HEIGHT - scale(from + size), height: scale(size) }) : null;
  const provisional = row && row.status !== "settled" ? "provisional" : null;
  return svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true", class: provisional },
    row
      ? [
          block("shared", 4, 19, 0, row.allocated_kwh),
          block("bought", 4, 19, row.allocated_kwh, row.residual_kwh),
          block("shared", 25, 11, 0, row.allocated_kwh),
          block("surplus", 25, 11, row.allocated_kwh, row.surplus_kwh),
        ]
      : svg("line", { class: "nothing", x1: 4, x2: 36, y1: HEIGHT - 1, y2: HEIGHT - 1 }),
  );
}
