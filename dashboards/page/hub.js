// Ask the hub: JSON answers, its problems, and its live feed.

const ROOT = new URL("..", import.meta.url);
const RETRY_MS = 15_000;

/** What the hub refused, or its silence (status 0). `detail` is the hub's own sentence. */
export class Problem extends Error {
  constructor(status, detail) {
    super(detail || `status ${status}`);
    this.status = status;
    this.detail = detail;
  }
}

/** Address of something the hub serves. */
export function address(path, parameters = {}) {
  const url = new URL(path, ROOT);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/** Address of what belongs to a community. */
export function communityAddress(id, what, parameters) {
  return address(`v1/communities/${encodeURIComponent(id)}/${what}`, parameters);
}

/** Read JSON. Throws Problem; an aborted reading throws AbortError. */
export async function read(url, signal) {
  let answer;
  try {
    answer = await fetch(url, { signal, headers: { Accept: "application/json" } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "");
  }
  const body = await answer.json().catch((error) => {
    if (error.name === "AbortError") throw error;
    return null;
  });
  if (!answer.ok) throw new Problem(answer.status, body?.detail ?? body?.title ?? "");
  if (body === null) throw new Problem(answer.status, "");
  return body;
}

/**
 * Follow the live feed of a community; returns a function that stops. Handlers: onBalance(days), onNow(power),
 * onState("on" | "wait" | "off"), onMissed() after a reconnection, when events may have been lost.
 */
export function follow(id, handlers) {
  let source = null;
  let timer = null;
  let interrupted = false;

  function connect() {
    source = new EventSource(communityAddress(id, "live"));
    source.addEventListener("open", () => {
      handlers.onState("on");
      if (interrupted) handlers.onMissed();
      interrupted = false;
    });
    source.addEventListener("balance", (event) => handlers.onBalance(JSON.parse(event.data).days ?? []));
    source.addEventListener("now", (event) => handlers.onNow(JSON.parse(event.data)));
    source.addEventListener("error", () => {
      const closed = source.readyState === EventSource.CLOSED;
      interrupted = true;
      handlers.onState(closed ? "off" : "wait");
      // The browser gives up after an answer that is no feed; the hub may only be restarting behind its proxy.
      if (closed) timer = setTimeout(connect, RETRY_MS);
    });
  }

  connect();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}
