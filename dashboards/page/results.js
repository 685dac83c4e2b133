// The hub's own figures of a month beside the operator's results: which points explain what is between them, and why.
import { html, replace } from "./elements.js";
import { shortIds } from "./members.js";

const HEADS = ["point", "flow", "hub", "operator", "apart", "share", "why"];

/** A line for each flow of a point that is apart, in the order of the hub; what was shared stands for its results. */
export function showResults(host, rows, words) {
  const names = shortIds(rows.map(({ point }) => point));
  const flows = [...new Map(rows.map((row) => [`${row.flow} ${row.point}`, row])).values()];
  const shared = new Map(rows.filter(({ result }) => result === "autocons").map((row) => [`${row.flow} ${row.point}`, row]));
  const apart = flows.filter(({ cause }) => cause !== "agrees");
  const lines = apart.map((row) => {
    const both = shared.get(`${row.flow} ${row.point}`);
    return html("tr", {}, [
      html("th", { scope: "row" }, names.get(row.point)),
      html("td", {}, words.text(`residuals.${row.flow}`)),
      html("td", {}, words.energy(both?.hub_result_kwh)),
      html("td", {}, words.energy(both?.operator_result_kwh)),
      html("td", { class: "apart" }, words.energy(row.result_apart_kwh)),
      html("td", {}, words.percent(row.result_apart_share)),
      html("td", { class: "why" }, words.text(`cause.${row.cause}`)),
    ]);
  });
  const head = html("tr", {}, HEADS.map((name) => html("th", { scope: "col" }, words.text(`results.${name}`))));
  const agree = html("p", { class: "aside" }, words.count("results.agree", flows.length - apart.length));
  const table = html("table", {}, html("thead", {}, head), html("tbody", {}, lines));
  replace(host, ...(lines.length > 0 ? [table, agree] : [agree]));
}
