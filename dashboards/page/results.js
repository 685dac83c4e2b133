// The hub's own figures of a month beside the operator's results: which points explain what is between them, and why.
import { html, replace } from "./elements.js";
import { shortIds } from "./members.js";

const HEADS = ["point", "result", "hub", "operator", "apart", "share", "why"];

/** A line for each flow of a point that is apart, in the order of the hub, with that of its results that is furthest apart. */
export function showResults(host, rows, words) {
  const names = shortIds(rows.map(({ point }) => point));
  const flows = new Map();
  for (const row of rows) {
    const flow = `${row.flow} ${row.point}`;
    flows.set(flow, [...(flows.get(flow) ?? []), row]);
  }
  const apart = [...flows.values()].filter(([{ cause }]) => cause !== "agrees").map(furthest);
  const lines = apart.map((row) =>
    html("tr", {}, [
      html("th", { scope: "row" }, names.get(row.point)),
      html("td", {}, words.text(`results.${row.flow}.${row.result}`)),
      html("td", {}, words.energy(row.hub_result_kwh)),
      html("td", {}, words.energy(row.operator_result_kwh)),
      html("td", { class: "apart" }, words.energy(row.result_apart_kwh)),
      html("td", {}, words.percent(row.result_apart_share)),
      html("td", { class: "why" }, words.text(`cause.${row.cause}`)),
    ]),
  );
  const heads = HEADS.map((name) =>
    html("th", { scope: "col", class: name === "why" ? name : null }, words.text(`results.${name}`)),
  );
  const table = html("table", {}, html("thead", {}, html("tr", {}, heads)), html("tbody", {}, lines));
  const agreeing = flows.size - apart.length;
  const agree = agreeing > 0 ? html("p", { class: "aside" }, words.count("results.agree", agreeing)) : null;
  replace(host, lines.length > 0 ? table : null, agree);
}

/** The result of a flow that is furthest apart; where one side alone knows the flow, its largest. */
function furthest(rows) {
  const told = rows.filter((row) => row.result_residual_kwh !== null);
  const far = (row) => Math.abs(row.result_residual_kwh ?? row.hub_result_kwh ?? row.operator_result_kwh ?? 0);
  return (told.length > 0 ? told : rows).reduce((most, row) => (far(row) > far(most) ? row : most));
}
