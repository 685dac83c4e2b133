// Where we are, in the address: ?community=&day=&lang=, so that a view can be shared; the language is also
// remembered. ?live=off gives a still page: for a printer, or for a browser that waits until nothing is left to load.
import { isDay } from "./days.js";

/** What the address asks for; null where it says nothing. */
export function readPlace() {
  const asked = new URLSearchParams(location.search);
  const day = asked.get("day");
  return {
    community: asked.get("community"),
    day: isDay(day) ? day : null,
    language: asked.get("lang"),
    still: asked.get("live") === "off",
  };
}

/** The address of this page with other values; null removes one. */
export function placeWith(changes) {
  const asked = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) asked.delete(name);
    else asked.set(name, value);
  }
  return `?${asked}`;
}

// Storage may be forbidden: the address and the browser still say the language.

export function rememberedLanguage() {
  try {
    return localStorage.getItem("language");
  } catch {
    return null;
  }
}

export function rememberLanguage(language) {
  try {
    localStorage.setItem("language", language);
  } catch {
    return;
  }
}
