// The controls: community, language, day. They say what the person wants; the page decides.
import { byId, html, replace } from "./elements.js";

/** The ribbon says it for the whole page; in the tabs it would only take room. */
const SAID_BY_RIBBON = /\s*\(simulation\)$/i;

const TABS_AT_MOST = 4;

/** Connect the controls that are in the page from the start. */
export function wireNavigation(actions) {
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => actions.chooseLanguage(button.dataset.language));
  }
  const press = (id, act) =>
    byId(id).addEventListener("click", () => byId(id).getAttribute("aria-disabled") === "true" || act());
  press("previous", () => actions.moveDay(-1));
  press("next", () => actions.moveDay(1));
  press("today", () => actions.followLatest());
  const calendar = byId("calendar");
  press("pick", () => calendar.showPicker());
  calendar.addEventListener("change", () => calendar.value && actions.chooseDay(calendar.value));
}

/** The texts of the page itself, and the language now spoken. */
export function showLanguage(words) {
  document.documentElement.lang = words.language;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = words.text(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", words.text(element.dataset.label));
    if (element.tagName === "BUTTON") element.title = words.text(element.dataset.label);
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === words.language));
  }
}

/** Few communities as tabs on a wide screen; many, or a narrow screen, as a list to choose from. */
export function showCommunities(communities, shown, actions, words) {
  const nav = byId("communities");
  const focused = nav.contains(document.activeElement) ? document.activeElement.dataset.id : undefined;
  nav.hidden = communities.length < 2;
  nav.classList.toggle("many", communities.length > TABS_AT_MOST);
  const tabs = communities.map(({ id, name, simulated }) => {
    const current = id === shown?.id ? "page" : null;
    const link = html("a", { href: actions.hrefOf(id), "aria-current": current, "data-id": id }, simulated ? name.replace(SAID_BY_RIBBON, "") : name);
    link.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      actions.chooseCommunity(id);
    });
    return link;
  });
  const options = communities.map(({ id, name }) => html("option", { value: id, selected: id === shown?.id }, name));
  const select = html("select", { "aria-label": words.text("nav.community"), "data-id": "" }, options);
  select.addEventListener("change", () => actions.chooseCommunity(select.value));
  replace(nav, html("div", { class: "tabs" }, tabs), select);
  if (focused !== undefined) nav.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
}

/** The day shown, and how far one can go. `following`: the page goes on to each new day by itself. */
export function showDate({ shown, first, latest, today, following }, words) {
  const end = latest > today ? latest : today;
  byId("date").textContent = words.day(shown);
  byId("previous").setAttribute("aria-disabled", String(shown <= first));
  byId("next").setAttribute("aria-disabled", String(shown >= end));
  byId("today").setAttribute("aria-disabled", String(following));
  byId("today").textContent = words.text(latest === today ? "nav.today" : "nav.latest");
  Object.assign(byId("calendar"), { min: first, max: end, value: shown });
}
