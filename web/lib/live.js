// A stream of events, open while somebody looks at the page. What state it is in stands on the page.
import { element, patch } from "./dom.js";
import { clock, sentence, visible } from "./format.js";

// A page that nobody looks at lets go of its stream.
const HIDDEN_MS = 60_000;
// Where the browser has given up.
const AGAIN_MS = 10_000;
const REASON_MAX = 300;

const STATES = {
  connecting: ["open", "Connecting"],
  connected: ["good", "Connected"],
  reconnecting: ["open", "Reconnecting"],
  refused: ["bad", "Not connected"],
  asleep: ["open", "Asleep"],
};

/**
 * Opens the stream of `address` and opens it again whenever it was lost; the server is told by the id of the last event where it goes on.
 * `events`: what to do with the data and the id of an event, by its name.
 * `place`: an element that shows the state. `onState` hears of it, too. `silenceMax`: after so many milliseconds without an event
 * nobody is there any more, whatever the browser thinks; 0 where silence is usual.
 */
export function openStream({ address, events, place, onState = () => {}, silenceMax = 0 }) {
  let source = null;
  let since = null;
  let heard = Date.now();
  let again = 0;
  let sleep = 0;
  // The browser tells it by a header where it connects again by itself.
  let last = "";

  const tell = (state, more = "") => {
    const [mood, words] = STATES[state];
    const fresh = element(place.tagName, { class: "connection", dataset: { connection: state } }, element("span", { class: `badge ${mood}` }, words), more ? element("span", {}, more) : null);
    patch(place, fresh);
    onState(state);
  };

  const disconnect = () => {
    clearTimeout(again);
    source?.close();
    source = null;
  };

  const connect = () => {
    disconnect();
    const own = new EventSource(last ? `${address}${address.includes("?") ? "&" : "?"}after=${encodeURIComponent(last)}` : address);
    source = own;
    heard = Date.now();
    if (since === null) tell("connecting");
    own.addEventListener("open", () => {
      since = null;
      tell("connected");
    });
    own.addEventListener("error", () => {
      if (own !== source) return;
      since ??= now();
      if (own.readyState === EventSource.CLOSED) giveUp(own);
      else tell("reconnecting", `since ${clock(since)}`);
    });
    for (const [name, react] of Object.entries(events)) {
      own.addEventListener(name, (event) => {
        if (own !== source) return;
        heard = Date.now();
        last = event.lastEventId;
        react(JSON.parse(event.data), last);
      });
    }
  };

  /** After an answer without a stream the browser does not ask again. */
  const giveUp = async (own) => {
    again = setTimeout(connect, AGAIN_MS);
    tell("refused", `since ${clock(since)}. It is tried again every 10 seconds.`);
    const reason = await refusal(address);
    if (own === source && reason) tell("refused", `since ${clock(since)}. The server says: ${reason} It is tried again every 10 seconds.`);
  };

  const fallAsleep = () => {
    disconnect();
    since = null;
    tell("asleep", "Nobody looks at this page.");
  };

  const onVisibility = () => {
    clearTimeout(sleep);
    if (document.hidden) sleep = setTimeout(fallAsleep, HIDDEN_MS);
    else if (source === null) connect();
  };

  document.addEventListener("visibilitychange", onVisibility);
  window.addEventListener("pagehide", disconnect);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) connect();
  });
  if (silenceMax) {
    setInterval(() => {
      if (source?.readyState !== EventSource.OPEN || Date.now() - heard < silenceMax) return;
      since ??= new Date(heard).toISOString();
      tell("reconnecting", `since ${clock(since)}`);
      connect();
    }, AGAIN_MS);
  }
  connect();
  onVisibility();

  return {
    /** Another stream in place of this one. */
    change(next) {
      address = next;
      since = null;
      last = "";
      if (source !== null) connect();
    },
  };
}

function now() {
  return new Date().toISOString();
}

/** Why the server does not open the stream, which the browser does not tell. */
async function refusal(address) {
  const abort = new AbortController();
  try {
    const answer = await fetch(address, { signal: abort.signal });
    return answer.ok ? "" : reasonOf(answer.status, await answer.text());
  } catch {
    return "";
  } finally {
    abort.abort();
  }
}

function reasonOf(status, text) {
  if (status === 401) return "It does not know this browser. Open the address again that it printed at its start.";
  return sentence(visible(text.trim().slice(0, REASON_MAX)) || `status ${status}`);
}

/** The answer to a question, as JSON; what goes wrong is an error with a message for people. */
export async function ask(address, signal) {
  let answer;
  try {
    answer = await fetch(address, { signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new AskError("The server does not answer. Does spotify-pipeline still run?");
  }
  if (!answer.ok) throw new AskError(reasonOf(answer.status, await answer.text()));
  return answer.json();
}

export class AskError extends Error {}

/** Once a second while somebody looks at the page. */
export function everySecond(act) {
  setInterval(() => {
    if (!document.hidden) act();
  }, 1000);
}
