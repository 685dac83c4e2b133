// What the operator's files and the devices say of the same quarter-hours of a month: how a wrong meter is found.
import { html, replace } from "./elements.js";
import { shortIds } from "./members.js";

const FLOWS = ["import", "export"];

/** Rows that the operator says something of; without any there is nothing to show. */
export function withOperator(rows) {
  return (rows ?? []).filter(({ compared, operator_only: alone }) => compared + alone > 0);
}

/** Draw the table in the order of the hub: the furthest apart first, then what cannot be compared. */
export function showResiduals(host, rows, words) {
  const names = shortIds(rows.map(({ point }) => point));
  const heads = ["point", "flow", "operator", "device", "residual", "rate", "compared", "alone"];
  const head = heads.map((name) => html("th", { scope: "col" }, words.text(`residuals.${name}`)));
  const lines = rows.map((row) => line(row, names.get(row.point), words));
  replace(host, html("table", {}, html("thead", {}, html("tr", {}, head)), html("tbody", {}, lines)));
}

function line(row, name, words) {
  const cell = (text) => html("td", {}, text);
  const flow = FLOWS.includes(row.flow) ? words.text(`residuals.${row.flow}`) : row.flow;
  return html(
    "tr",
    { "data-point": name, "data-flow": row.flow },
    html("th", { scope: "row" }, name),
    cell(flow),
    cell(words.energy(row.operator_kwh)),
    cell(words.energy(row.device_kwh)),
    html("td", { class: "apart" }, words.signed(row.device_residual_kwh)),
    cell(words.signedPercent(row.device_residual_rate)),
    cell(words.whole(row.compared)),
    cell(words.whole(row.operator_only + row.device_only)),
  );
}
