// The page: what is shown (community, day, language), where it comes from, and when it is read again.
import { dayOf, monthAround, shiftDay, stepName, weekAround } from "./days.js";
import { byId } from "./elements.js";
import { address, communityAddress, follow, Problem, read } from "./hub.js";
import { wireNavigation } from "./navigation.js";
import { placeWith, readPlace, rememberedLanguage, rememberLanguage } from "./place.js";
import { makeView } from "./view.js";
import { chooseLanguage } from "./words.js";

const RETRY_MS = 10_000;
const GATHER_MS = 1_500;
const RESIDUALS_MS = 600_000;
const VALUE_MS = 60_000;

const state = {
  communities: null, // null until they are read
  community: null,
  pinned: null, // the day someone chose; without one the page follows the latest day
  language: "en",
  balance: null, // of community `id` and local `day`
  week: null,
  points: null, // null where they cannot be read
  residuals: null, // of community `id` and the local month that begins on the day `start`
  value: null, // the same: what sharing was worth, or that it cannot be read
  now: null,
  health: null,
  live: null,
  problem: null,
  notice: null,
  get latest() {
    return dayOf(this.community.last_start ?? Date.now(), this.community.zone);
  },
  get shown() {
    return this.pinned ?? this.latest;
  },
};

const actions = {
  chooseLanguage(language) {
    rememberLanguage(language);
    history.replaceState(null, "", placeWith({ lang: language }));
    state.language = language;
    view.render();
  },
  chooseDay: (day) => go({ day }),
  moveDay: (count) => go({ day: shiftDay(state.shown, count) }),
  followLatest: () => go({ day: null }),
  chooseCommunity: (id) => go({ community: id }),
  hrefOf: (id) => placeWith({ community: id }),
};

const view = makeView(state, actions);
let reading = new AbortController();
let stopFollowing = () => {};
let retryTimer = null;
let gatherTimer = null;
const touched = new Set();

async function start() {
  state.language = chooseLanguage(readPlace().language, rememberedLanguage(), navigator.languages);
  view.render();
  loadHealth();
  try {
    state.communities = (await read(address("v1/communities"))).communities;
    state.problem = null;
    arrive();
  } catch (error) {
    fail(error);
    setTimeout(start, RETRY_MS);
  }
}

function go(changes) {
  history.pushState(null, "", placeWith({ community: state.community.id, ...changes }));
  arrive();
}

/** Show what the address asks for. */
function arrive() {
  if (!state.communities) return;
  const asked = readPlace();
  const before = state.community?.id;
  const found = state.communities.find(({ id }) => id === asked.community);
  state.community = found ?? state.communities[0] ?? null;
  state.notice = asked.community && !found && state.community ? { id: asked.community, name: state.community.name } : null;
  state.pinned = asked.day;
  if (asked.language) state.language = chooseLanguage(asked.language);
  if (state.community && state.community.id !== before) {
    Object.assign(state, { balance: null, week: null, points: null, residuals: null, value: null, now: null });
    followCommunity();
    loadNow();
  }
  load();
}

async function load() {
  reading.abort();
  clearTimeout(retryTimer);
  reading = new AbortController();
  const { signal } = reading;
  byId("day").removeAttribute("aria-busy");
  view.render();
  if (!state.community?.first_start) return;
  const { id, step_min: minutes, zone } = state.community;
  const day = state.shown;
  const days = weekAround(day, state.latest);
  const bounds = { start: day, end: shiftDay(day, 1) };
  const weekBounds = { start: days[0], end: shiftDay(days[6], 1), step: "day" };
  byId("day").setAttribute("aria-busy", "true");
  try {
    const [balance, week, points] = await Promise.all([
      read(communityAddress(id, "balance", { ...bounds, step: stepName(minutes) }), signal),
      read(communityAddress(id, "balance", weekBounds), signal),
      read(communityAddress(id, "points", bounds), signal).catch(orNothing),
    ]);
    state.balance = { ...balance, id, day };
    state.week = { days, rows: new Map(week.rows.map((row) => [dayOf(row.start, zone), row])) };
    state.points = points && points.points;
    state.problem = null;
  } catch (error) {
    if (error.name === "AbortError") return;
    // What the hub refuses it will refuse again; silence and faults pass.
    if (!(error.status >= 400 && error.status < 500)) retryTimer = setTimeout(load, RETRY_MS);
    fail(error);
  }
  byId("day").removeAttribute("aria-busy");
  view.render();
  loadResiduals(signal);
  loadValue(signal);
}

/** What sharing was worth in the month: read after the day, and again with it, for it changes every few minutes. */
async function loadValue(signal) {
  const { id } = state.community;
  const month = monthAround(state.shown);
  const shown = state.value?.id === id && state.value.start === month.start && !state.value.isRefused;
  if (shown && Date.now() - state.value.readAt < VALUE_MS) return;
  const asked = ["value", "equity"].map((what) => read(communityAddress(id, what, month), signal));
  const of = { id, start: month.start, readAt: Date.now() };
  try {
    const [value, equity] = await Promise.all(asked);
    const isPending = value.pending_months.length > 0;
    state.value = { ...of, sums: value.months[0] ?? null, isPending, groups: equity.rows };
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Problem)) throw error;
    if (!shown) state.value = { ...of, isRefused: true };
  }
  view.render();
}

/** The month's residuals are read after the day, and again with it, but seldom: the operator's files come rarely. */
async function loadResiduals(signal) {
  const { id } = state.community;
  const month = monthAround(state.shown);
  const shown = state.residuals?.id === id && state.residuals.start === month.start;
  if (shown && Date.now() - state.residuals.readAt < RESIDUALS_MS) return;
  try {
    const settled = { month: month.start.slice(0, "2026-01".length) };
    const [found, results] = await Promise.all([
      read(communityAddress(id, "residuals", month), signal).catch(orSilence),
      read(communityAddress(id, "settlements/operator", settled), signal).catch(orSilence),
    ]);
    const of = { id, start: month.start, readAt: Date.now() };
    const rows = { rows: found?.residuals ?? [], byIndex: found?.by_index ?? [], results: results?.rows ?? [] };
    if (found || results) state.residuals = { ...of, ...rows };
  } catch (error) {
    if (error.name === "AbortError") return;
    throw error;
  }
  view.render();
}

/** Members may be refused where the balance is not: the rest of the day is still shown. */
function orNothing(error) {
  if (error instanceof Problem && error.status !== 0) return null;
  throw error;
}

function fail(error) {
  if (!(error instanceof Problem)) throw error;
  state.problem = error;
  view.render();
}

async function loadNow() {
  const { id } = state.community;
  const now = await read(communityAddress(id, "now")).catch(orSilence);
  // The live feed may have been faster, and someone may have gone elsewhere meanwhile.
  if (state.community.id === id) state.now ??= now;
  view.renderNow();
}

async function loadHealth() {
  state.health = await read(address("v1/health")).catch(orSilence);
  view.render();
}

/** Power and health are extras: without them the page says less, and the feed or a reload brings them back. */
function orSilence(error) {
  if (error instanceof Problem) return null;
  throw error;
}

function followCommunity() {
  stopFollowing();
  if (readPlace().still) return;
  state.live = "wait";
  stopFollowing = follow(state.community.id, {
    onState(live) {
      state.live = live;
      view.renderLive();
    },
    onNow(now) {
      state.now = now;
      view.renderNow();
    },
    onBalance: (days) => gatherSoon(days),
    onMissed: () => gatherSoon([state.shown]),
  });
}

/** Balances change in bursts: note which days a burst touches, then read once. */
function gatherSoon(days) {
  for (const day of days) touched.add(day);
  gatherTimer ??= setTimeout(gather, GATHER_MS);
}

async function gather() {
  gatherTimer = null;
  const days = [...touched];
  touched.clear();
  try {
    const { communities } = await read(address("v1/communities"));
    const moved = communities.find(({ id }) => id === state.community.id);
    if (!moved) return;
    const before = state.shown;
    state.communities = communities;
    state.community = moved;
    // One day of margin: the feed may cut days in UTC, the page cuts them where the community lives.
    const week = weekAround(state.shown, state.latest);
    const near = (day) => day >= shiftDay(week[0], -1) && day <= shiftDay(week[6], 1);
    if (state.shown !== before || days.some(near)) load();
  } catch (error) {
    fail(error);
  }
}

wireNavigation(actions);
addEventListener("popstate", arrive);
start();
