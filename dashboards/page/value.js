// What sharing was worth in a month, and how evenly it was shared: sums of all and of groups, never of one member.
import { html, replace } from "./elements.js";
import { categoryName } from "./members.js";

const EUROS = ["saving_eur", "revenue_eur"];
const EVENNESS = ["jain", "gini", "share_against_need", "parity"];
const FEWEST = 3; // of two members each would know the other

/** Three figures of a month, and what is not whole or settled about them; a sentence while it is read, where it cannot be read, and where there is nothing to say. */
export function showValue(host, value, words) {
  const why = reasonOf(value);
  if (why) replace(host, html("p", { class: "aside" }, words.text(`value.${why}`)));
  else {
    const figures = EUROS.map((name) => figure(name, words.euros(value.sums[name]), words));
    figures.push(figure("local_value_rate", words.percent(value.sums.local_value_rate), words));
    replace(host, noteOf(value, words), html("dl", { class: "three" }, figures));
  }
}

/** A line for all members, then one for each category and group with enough of them. */
export function showEquity(host, groups, words) {
  const heads = ["group", ...EVENNESS];
  const lines = groups.map((row) => [
    html("th", { scope: "row" }, `${groupName(row, words)} (${words.whole(row.members)})`),
    EVENNESS.map((name) => html("td", {}, words.fine(row[name]))),
  ]);
  const head = heads.map((name) => html("th", { scope: "col" }, words.text(`equity.${name}`)));
  const body = lines.map((cells) => html("tr", {}, cells));
  replace(host, html("table", {}, html("thead", {}, html("tr", {}, head)), html("tbody", {}, body)));
}

/** Groups that are large enough to be shown, all members first. */
export function shownGroups(rows) {
  const isAll = ({ group_kind: kind }) => kind === "all";
  const enough = rows.filter(({ members }) => members >= FEWEST);
  return [...enough.filter(isAll), ...enough.filter((row) => !isAll(row))];
}

function reasonOf(value) {
  if (value === null) return "loading";
  if (value.isRefused) return "failed";
  if (value.sums === null) return "none";
  return EUROS.every((name) => value.sums[name] === null) ? "untold" : null;
}

/** That half a month is no month, and that other figures will follow. */
function noteOf({ sums, isPending }, words) {
  const part = sums.completeness < 1 ? words.text("value.part", { part: words.part(sums.completeness) }) : null;
  const pending = isPending ? words.text("value.pending") : null;
  const notes = [part, pending].filter(Boolean).join(" ");
  return notes ? html("p", { class: "aside" }, notes) : null;
}

function figure(name, text, words) {
  return html(
    "div",
    { "data-value": name },
    html("dt", {}, words.text(`value.${name}`)),
    html("dd", { class: "value" }, text),
    html("dd", { class: "is" }, words.text(`value.${name}.is`)),
  );
}

function groupName({ group_kind: kind, group_name: name }, words) {
  return kind === "all" ? words.text("equity.all") : categoryName(name, words);
}
