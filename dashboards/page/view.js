// Put the state on the page. Everything shown is a function of the state; nothing is read from the hub here.
import { drawChart, showLegend } from "./chart.js";
import { dayOf, monthAround, shiftDay, slotsOf, stepName } from "./days.js";
import { byId, html, replace } from "./elements.js";
import { communityLine, showFigures, showFlow, showLead, showNow, showRates, showState } from "./figures.js";
import { communityAddress } from "./hub.js";
import { showMembers } from "./members.js";
import { showCommunities, showDate, showLanguage } from "./navigation.js";
import { makeReadable, showTable } from "./readout.js";
import { showByIndex, showResiduals } from "./residuals.js";
import { showResults } from "./results.js";
import { showEquity, showValue, shownGroups } from "./value.js";
import { showWeek } from "./week.js";
import { wordsOf } from "./words.js";

/** Functions that bring the page in line with the state: render() all of it, renderNow() and renderLive() a part. */
export function makeView(state, actions) {
  const drawn = { slots: [], geometry: null, words: wordsOf(state.language), minutes: 15 };
  const showReading = makeReadable(byId("chart"), byId("readout"), () => drawn);
  // The chart is drawn to the pixel, so it is drawn again when its width changes.
  new ResizeObserver(() => byId("chart").clientWidth !== drawn.geometry?.width && draw()).observe(byId("chart"));

  function render() {
    const { community, communities } = state;
    drawn.words = wordsOf(state.language, community?.zone);
    const { words } = drawn;
    showLanguage(words);
    renderBanner();
    renderLive();
    renderHealth();
    showCommunities(communities ?? [], community, actions, words);
    byId("ribbon").hidden = !community?.simulated;
    byId("empty").hidden = true;
    if (communities?.length === 0) showEmpty("none");
    if (!communities) showWaiting(state.problem === null);
    if (!community) return;
    document.title = words.text("title", { community: community.name, day: words.day(state.shown, "short") });
    byId("name").textContent = community.name;
    byId("place").textContent = communityLine(community, words);
    renderDate();
    renderNow();
    renderDay();
  }

  function renderDate() {
    const { community, shown, latest } = state;
    const today = dayOf(Date.now(), community.zone);
    const first = community.first_start ? dayOf(community.first_start, community.zone) : today;
    byId("date-nav").hidden = !community.first_start;
    showDate({ shown, first, latest, today, following: state.pinned === null }, drawn.words);
  }

  function renderNow() {
    byId("now").hidden = !state.community?.first_start;
    if (!byId("now").hidden) showNow(byId("now-body"), state.now, drawn.words);
  }

  function renderDay() {
    const { community, balance, week, shown } = state;
    const current = balance?.id === community.id && balance.day === shown ? balance : null;
    const filled = current !== null && current.rows.length > 0;
    for (const id of ["content", "lead", "state", "members-section"]) byId(id).hidden = !filled;
    if (community.first_start && !current) showWaiting(state.problem === null);
    byId("context").hidden = !week || !community.first_start;
    if (!community.first_start) showEmpty("never");
    else if (current && !filled) showEmpty("day", endsOf(community));
    renderValue();
    renderResiduals();
    if (week) showWeek(byId("week"), { ...week, shown, onChoose: actions.chooseDay, words: drawn.words });
    if (filled) {
      renderBalance(current);
      renderMembers();
    }
  }

  function endsOf({ first_start, last_start, zone }) {
    const name = (instant) => drawn.words.day(dayOf(instant, zone), "short");
    return { first: name(first_start), last: name(last_start) };
  }

  function renderBalance(balance) {
    const { community } = state;
    const { words } = drawn;
    const { totals, day } = balance;
    const stepMs = community.step_min * 60_000;
    const known = { from: Date.parse(community.first_start), to: Date.parse(community.last_start) + stepMs };
    drawn.slots = slotsOf(balance, community.step_min, known, community.zone);
    drawn.minutes = community.step_min;
    const running = day === dayOf(Date.now(), community.zone);
    showLead(byId("lead"), totals, running, words);
    showState(byId("state"), drawn.slots, totals, words);
    showFlow(byId("flow"), totals, words);
    showFigures(byId("figures"), totals, words);
    showRates(byId("rates"), totals, words);
    byId("unit").textContent = words.text(drawn.minutes === 60 ? "chart.unit.hour" : "chart.unit", drawn);
    showLegend(byId("legend"), drawn.slots, words);
    draw();
    byId("table-note").textContent = words.text("table.note", { zone: community.zone });
    showTable(byId("table-body"), drawn.slots, words);
    const bounds = { start: day, end: shiftDay(day, 1), step: stepName(community.step_min), format: "csv" };
    byId("download").href = communityAddress(community.id, "balance", bounds);
  }

  function draw() {
    if (byId("content").hidden || !state.balance) return;
    const { start, end } = state.balance;
    drawn.geometry = drawChart(byId("chart"), { ...drawn, start: Date.parse(start), end: Date.parse(end) });
    showReading();
  }

  function renderMembers() {
    const { words } = drawn;
    if (state.points) showMembers(byId("members"), state.points, words);
    else replace(byId("members"), html("p", { class: "aside" }, words.text("members.failed")));
  }

  /** What sharing was worth in the month of the day shown; equity only where a group is large enough to be told. */
  function renderValue() {
    const { community, value, shown } = state;
    const { words } = drawn;
    const { start } = monthAround(shown);
    const current = value?.id === community.id && value.start === start ? value : null;
    const groups = shownGroups(current?.groups ?? []);
    byId("value-section").hidden = byId("context").hidden;
    const month = words.day(start, "month");
    const isRunning = dayOf(Date.now(), community.zone) < monthAround(shown).end;
    byId("value-month").textContent = isRunning ? words.text("value.running", { month }) : month;
    showValue(byId("value"), current, words);
    byId("equity-part").hidden = groups.length === 0;
    showEquity(byId("equity"), groups, words);
  }

  /** The month of the day shown, where the community has any file of the operator. */
  function renderResiduals() {
    const { community, residuals, shown } = state;
    const current = residuals?.id === community.id && residuals.start === monthAround(shown).start;
    const { rows, byIndex, results } = current ? residuals : { rows: [], byIndex: [], results: [] };
    byId("results-section").hidden = results.length === 0;
    if (results.length > 0) {
      byId("results-month").textContent = drawn.words.day(residuals.start, "month");
      showResults(byId("results"), results, drawn.words);
    }
    byId("residuals-section").hidden = rows.length + byIndex.length === 0;
    byId("residuals").hidden = rows.length === 0;
    byId("by-index-part").hidden = byIndex.length === 0;
    if (byId("residuals-section").hidden) return;
    byId("residuals-month").textContent = drawn.words.day(residuals.start, "month");
    showResiduals(byId("residuals"), rows, drawn.words);
    showByIndex(byId("by-index"), byIndex, drawn.words);
  }

  function renderBanner() {
    const { problem, notice } = state;
    const { words } = drawn;
    const ours = problem && words.text(problem.status ? "problem.status" : "problem.network", { status: problem.status });
    const sentences = [notice && words.text("problem.community", notice), problem && (problem.detail || ours)];
    const text = sentences.filter(Boolean).join(" ");
    byId("banner").hidden = text === "";
    // An alert is read aloud each time it is written: write it only when it changes.
    if (byId("banner").textContent !== text) byId("banner").textContent = text;
  }

  function renderLive() {
    byId("live").hidden = !state.live;
    byId("live").dataset.state = state.live ?? "";
    byId("live").textContent = state.live ? drawn.words.text(`live.${state.live}`) : "";
  }

  function renderHealth() {
    const { health } = state;
    const key = health?.status === "ok" ? "health.ok" : "health.degraded";
    byId("health").textContent = health ? drawn.words.text(key, { version: health.version }) : "";
  }

  function showWaiting(waiting) {
    byId("lead").hidden = !waiting;
    byId("lead").textContent = drawn.words.text("loading");
  }

  function showEmpty(name, values = {}) {
    const { words } = drawn;
    byId("empty").hidden = false;
    const title = html("h2", {}, words.text(`empty.${name}.title`));
    replace(byId("empty"), title, html("p", {}, words.text(`empty.${name}.text`, values)));
  }

  return { render, renderNow, renderLive };
}
