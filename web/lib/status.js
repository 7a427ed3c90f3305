// Where the pipeline stands, again and again (docs/formats/status.md), for the pages that show it.
import { byId, element, patch } from "./dom.js";
import { ago, clock, sentence, visible } from "./format.js";
import { note } from "./frame.js";
import { everySecond, openStream } from "./live.js";

const SILENCE_MAX_MS = 60_000;

/**
 * Shows status after status: `draw(status)` at each, `onHistory(points)` at each begin of a connection, `onSecond()` each second between
 * them. What was drawn last stays, greyed, while nothing newer comes. Returns the line that says as of when `content` is.
 */
export function followStatus(content, { draw, onHistory = () => {}, onSecond = () => {} }) {
  const asOf = element("p", { class: "as-of", dataset: { asOf: "" } });
  const problem = element("div", { "aria-live": "polite" });
  const place = element("p", { class: "connection" });
  let shown = null;
  let failed = false;
  let connected = false;

  const tellAge = () => {
    if (!shown) return;
    patch(asOf, asOfLine(shown, secondsSince(shown)));
    onSecond();
  };
  const grey = () => content.classList.toggle("stale", failed || !connected);

  byId("state").prepend(place);
  byId("state").append(problem);
  openStream({
    address: "live/status",
    place,
    silenceMax: SILENCE_MAX_MS,
    onState: (state) => {
      connected = state === "connected";
      grey();
    },
    events: {
      history: ({ points }) => onHistory(points),
      status: (status) => {
        failed = Boolean(status.error);
        grey();
        if (failed) return problem.replaceChildren(failure(status, shown));
        problem.replaceChildren();
        shown = { ...status, received: Date.now() };
        draw(shown);
        tellAge();
      },
    },
  });
  everySecond(tellAge);
  return asOf;
}

/** By the clock of the server: how long ago this status came. */
export function secondsSince(status) {
  return (Date.now() - status.received) / 1000;
}

function asOfLine(status, passed) {
  return element(
    "p",
    { class: "as-of", dataset: { asOf: status.at } },
    "as of ",
    element("time", { datetime: status.at }, clock(status.at)),
    `, ${ago(passed)} · topic `,
    element("bdi", {}, visible(status.topic)),
    " · lake ",
    element("bdi", {}, visible(status.lake)),
  );
}

function failure(status, shown) {
  const rest = shown ? `The numbers below are from ${clock(shown.at, status.at)}.` : "Trying again.";
  return note("bad", `At ${clock(status.at)} log and lake could not be looked at: ${sentence(status.error)} ${rest}`);
}

export function stageOf(status, name) {
  return status.stages.find((stage) => stage.stage === name) ?? { stage: name, count: null, behind: null, newest: null, age_seconds: null };
}

/** A status as a point of the history. */
export function pointOf(status) {
  const count = (name) => stageOf(status, name).count;
  return { at: status.at, log: status.partitions.reduce((sum, one) => sum + one.log_end, 0), lake: count("lake"), bronze: count("bronze"), silver: count("silver") };
}

// What a running pipeline does not repair by itself.
const FOR_A_PERSON = new Set(["deleted", "overdue"]);

/** What a person does next. `goesOn`: the program that serves this page also does the work. */
export function nextStep(status, goesOn) {
  const { why, command } = status.next;
  const isForPerson = !goesOn || FOR_A_PERSON.has(status.waiting?.reason);
  const more = isForPerson ? (command ? null : " Nothing to do but wait.") : " The run that serves this page does the rest without you.";
  return element(
    "p",
    { class: "next", dataset: { next: isForPerson ? command ?? "" : "" } },
    visible(sentence(why)),
    more,
    isForPerson && command ? [" Run: ", element("code", {}, visible(command))] : null,
  );
}
