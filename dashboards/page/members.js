// The members of the day, by category: what each consumed and what was shared to it.
// A point is shown by the end of its number, or by its id where that is a word; no names.
import { html, replace } from "./elements.js";

const HEADS = ["consumed", "shared", "produced", "surplus"];

const LONG = 14; // a name of more letters stands above its bar, which else had no room

/** Ids as they are shown: words whole, numbers by their shortest ends, of four digits or more, that tell all apart. */
export function shortIds(ids) {
  const numbers = ids.filter((id) => /^\d+$/.test(id));
  const longest = Math.max(0, ...numbers.map((id) => id.length));
  let length = 4;
  while (length < longest && new Set(numbers.map((id) => id.slice(-length))).size < new Set(numbers).size) length += 1;
  return new Map(ids.map((id) => [id, numbers.includes(id) && id.length > length + 2 ? `…${id.slice(-length)}` : id]));
}

/** Category in the reader's language; one the page does not know is shown as it is written. */
export function categoryName(category, words) {
  if (words.has(`category.${category}`)) return words.text(`category.${category}`);
  const plain = category.replace(/[_-]+/g, " ");
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** Draw the table of members. */
export function showMembers(host, points, words) {
  const names = shortIds(points.map(({ point }) => point));
  const top = Math.max(0.001, ...points.map((point) => Math.max(point.import_kwh ?? 0, point.export_kwh ?? 0)));
  const isPart = points.some(({ completeness }) => completeness !== null && completeness < 1);
  const head = html(
    "tr",
    {},
    html("th", { scope: "col" }, words.text("members.category")),
    html("th", { scope: "col", class: "point" }, words.text("members.point")),
    HEADS.map((name) => html("th", { scope: "col" }, words.text(`members.${name}`))),
    isPart ? html("th", { scope: "col" }, words.text("members.known")) : null,
  );
  const bodies = byCategory(points).map(([category, members]) => {
    const name = categoryName(category, words);
    const label = html("th", { scope: "rowgroup", rowspan: members.length, class: "category" }, name);
    const lines = members.map((point, i) => {
      const row = line(point, i === 0 ? label : null, names.get(point.point), top, words);
      if (isPart) row.append(known(point, words));
      return row;
    });
    return html("tbody", { "data-category": category, "data-name": name }, lines);
  });
  const table = html("table", {}, html("thead", {}, head), bodies);
  const widest = Math.max(0, ...[...names.values()].map((name) => name.length));
  table.className = widest > LONG ? "long" : "";
  table.style.setProperty("--name", `${widest}ch`); // so that all bars begin below one another
  replace(host, table);
}

/** Categories with members that consume first, in the order of what they consume; producers after them. */
function byCategory(points) {
  const groups = new Map();
  for (const point of points) groups.set(point.category, [...(groups.get(point.category) ?? []), point]);
  const weight = (members) => members.reduce((sum, point) => sum + (point.import_kwh ?? 0), 0);
  return [...groups].sort(([, a], [, b]) => weight(b) - weight(a));
}

function line(point, label, name, top, words) {
  const consumes = point.role !== "producer";
  const produces = point.role !== "consumer";
  const cell = (shown, value) => html("td", {}, shown ? words.energy(value) : "");
  const silent = point.import_kwh === null && point.export_kwh === null;
  const nothing = html("span", { class: "aside" }, words.text("members.none"));
  const used = (point.export_kwh ?? 0) - (point.surplus_kwh ?? 0);
  const bars = html(
    "div",
    { class: "bars", "aria-hidden": "true" },
    consumes ? bar(top, ["shared", point.allocated_kwh], ["bought", point.residual_kwh]) : null,
    produces ? bar(top, ["shared", used], ["surplus", point.surplus_kwh]) : null,
  );
  const who = html("div", { class: "who" }, html("span", { class: name.startsWith("…") ? "number" : null }, name), silent ? nothing : bars);
  return html(
    "tr",
    { "data-point": name },
    label,
    html("th", { scope: "row", class: "point" }, who),
    cell(consumes, point.import_kwh),
    cell(consumes, point.import_kwh === null ? null : point.allocated_kwh),
    cell(produces, point.export_kwh),
    cell(produces, point.surplus_kwh),
  );
}

/** How much of what was awaited of a member is known; of one that is gone nobody can tell. */
function known({ completeness }, words) {
  const text = completeness === null ? "–" : words.part(completeness);
  return html("td", { class: completeness < 1 ? "part" : null }, text);
}

function bar(top, ...parts) {
  return html(
    "div",
    { class: "bar" },
    parts.map(([name, value]) => {
      const part = html("span", { class: name });
      part.style.inlineSize = `${(100 * Math.max(0, value ?? 0)) / top}%`;
      return part;
    }),
  );
}
