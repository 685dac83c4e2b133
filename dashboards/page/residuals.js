// What the operator's files and the devices say of the same energy in a month: how a wrong meter is found.
import { html, replace } from "./elements.js";
import { shortIds } from "./members.js";

const FLOWS = ["import", "export"];

/** The same quarter-hours by both, in the order of the hub: the furthest apart first, then what cannot be compared. */
export function showResiduals(host, rows, words) {
  const heads = ["point", "flow", "operator", "device", "residual", "rate", "compared", "alone"];
  const names = shortIds(rows.map(({ point }) => point));
  const lines = rows.map((row) => [
    ...who(row, names, words),
    cell(words.energy(row.operator_kwh)),
    cell(words.energy(row.device_kwh)),
    apart(row.device_residual_kwh, words),
    cell(words.signedPercent(row.device_residual_rate)),
    cell(words.whole(row.compared)),
    cell(words.whole(row.operator_only + row.device_only)),
  ]);
  show(host, heads.map((name) => `residuals.${name}`), lines, words);
}

/** Curve and device beside the energy between the operator's indexes. */
export function showByIndex(host, rows, words) {
  const heads = ["residuals.point", "residuals.flow", "index.energy", "index.stretches"];
  heads.push("index.curve", "index.rate", "index.device", "index.rate");
  const names = shortIds(rows.map(({ point }) => point));
  const lines = rows.map((row) => [
    ...who(row, names, words),
    cell(words.energy(row.index_kwh)),
    cell(words.whole(row.stretches)),
    apart(row.index_curve_residual_kwh, words),
    cell(words.signedPercent(rate(row.index_curve_kwh, row.index_curve_residual_kwh))),
    apart(row.index_device_residual_kwh, words),
    cell(words.signedPercent(rate(row.index_device_kwh, row.index_device_residual_kwh))),
  ]);
  show(host, heads, lines, words);
}

/** The residual over the index of the same stretches; null where there is nothing to compare, or to divide by. */
function rate(energy, residual) {
  const index = energy === null ? 0 : energy - residual;
  return index > 0 ? residual / index : null;
}

function who({ point, flow }, names, words) {
  const flowName = FLOWS.includes(flow) ? words.text(`residuals.${flow}`) : flow;
  return [html("th", { scope: "row" }, names.get(point)), cell(flowName)];
}

function cell(text) {
  return html("td", {}, text);
}

function apart(residual, words) {
  return html("td", { class: "apart" }, words.signed(residual));
}

function show(host, heads, lines, words) {
  const head = heads.map((name) => html("th", { scope: "col" }, words.text(name)));
  const body = lines.map((cells) => html("tr", {}, cells));
  replace(host, html("table", {}, html("thead", {}, html("tr", {}, head)), html("tbody", {}, body)));
}
