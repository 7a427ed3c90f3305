// Flow: how much each stage has, how fast it comes, how far the next one is behind, and up to where all is proved.
import { pageAddress } from "../lib/address.js";
import { element, patch } from "../lib/dom.js";
import { ago, clock, number, plural, sentence, visible } from "../lib/format.js";
import { note, showMoving } from "../lib/frame.js";
import { figures, panel } from "../lib/panel.js";
import { merged, rates } from "../lib/rates.js";
import { sparkline } from "../lib/sparkline.js";
import { followStatus, nextStep, pointOf, secondsSince, stageOf } from "../lib/status.js";

// In the order of the flow. `before`: what a stage is behind of.
const STAGES = [
  { name: "log", label: "Log", page: "topic", has: "offset", since: "data until" },
  { name: "lake", label: "Lake", page: "lake", has: "offset", before: "the log", since: "data until" },
  { name: "bronze", label: "Bronze", page: "runs", has: "record", before: "the lake", since: "data until" },
  { name: "silver", label: "Silver", page: "runs", has: "event", before: "bronze", since: "data until" },
  { name: "marts", label: "Marts", page: "result", has: "table", since: "built" },
];

const MEANING = [
  "Log and lake are looked at now. Bronze, silver and marts are what was published last: no warehouse is opened for this page.",
  "The rate is that of the last 30 seconds. The line shows the last 5 minutes.",
  "Data until: of silver the newest time of an event, of the others the newest time that the broker gave a record.",
  "The same numbers are printed by: spotify-pipeline status",
];

const REACHED = { bronze: "Half are in bronze within", marts: "Half are in the marts within", published: "Half are published within" };

const DELAY_MEANING = [
  "Of the newest batch: the time from when a record came to the log to when bronze, the marts and readers had it.",
  "Half of the records took no longer than the large number, 99 of 100 no longer than the small one.",
];

const AHEAD_MS = 60_000;

// Of waiting records: what is wrong, in the fewest words.
const WAITING = {
  no_sink: ["open", "No sink runs"],
  overdue: ["bad", "Records wait too long"],
  unknown: ["open", "It is not known how long records have waited"],
};

showMoving((content, current) => {
  const stations = element("ol", { class: "flow stations", "aria-label": "Stages in the order of the flow" }, STAGES.map(emptyStation));
  const proof = element("div", {});
  const next = element("div", {});
  const delays = element("div", {});
  let points = [];
  let status = null;

  const drawAges = () => {
    const passed = secondsSince(status);
    for (const age of stations.querySelectorAll("[data-age]")) age.textContent = ago(Number(age.dataset.age) + passed);
  };

  const asOf = followStatus(content, {
    onHistory: (history) => {
      points = merged(points, history);
    },
    draw: (newest) => {
      status = newest;
      points = merged(points, [pointOf(status)]);
      STAGES.forEach((stage, at) => patch(stations.children[at], station(stage, status, points)));
      patch(proof, element("div", {}, proofLine(status, current.follow)));
      patch(delays, element("div", {}, delayFigures(status)));
      patch(next, element("div", {}, waitingNote(status), nextStep(status, current.follow)));
      drawAges();
    },
    onSecond: () => drawAges(),
  });

  content.append(
    panel({ heading: "From the log to the marts", definition: MEANING, wide: true, id: "stations" }, asOf, stations),
    element(
      "div",
      { class: "two" },
      panel({ heading: "Proof", definition: ["verify reads log, lake and warehouse itself, and counts again, in another way, what the marts show."], id: "proof" }, proof),
      panel({ heading: "What to do next", id: "next" }, next),
    ),
    panel({ heading: "How long records took", definition: DELAY_MEANING, wide: true, id: "delays" }, delays),
  );
});

function emptyStation({ name, label, page }) {
  return element("li", { dataset: { stage: name } }, heading(label, page), element("strong", { dataset: { value: "" } }, "–"));
}

function heading(label, page) {
  return element("a", { class: "station", href: pageAddress(page), dataset: { to: page } }, label);
}

function station(stage, status, points) {
  const found = stageOf(status, stage.name);
  const problems = problemsOf(stage.name, status);
  const moods = problems.map(([mood]) => mood);
  return element(
    "li",
    { class: moods.includes("bad") ? "bad" : moods.includes("open") ? "open" : "good", dataset: { stage: stage.name } },
    heading(stage.label, stage.page),
    element("strong", { dataset: { value: found.count ?? "" } }, found.count === null ? "–" : number(found.count)),
    element("span", { class: "soft" }, found.count === null ? "not published yet" : `${stage.has}${found.count === 1 ? "" : "s"}${more(stage.name, status)}`),
    behind(stage, found),
    newest(stage, found, status),
    problems.length ? element("ul", { class: "problems" }, problems.map(([mood, text]) => element("li", { class: mood }, text))) : null,
    speed(stage, points),
  );
}

function more(name, status) {
  if (name === "log") return ` in ${plural(status.partitions.length, "partition")}`;
  if (name === "silver" && status.published?.rejected) return `; ${number(status.published.rejected)} rejected`;
  return "";
}

function behind({ before }, { behind: count }) {
  if (!before || count === null) return null;
  return element("span", { class: "soft", dataset: { behind: count } }, count === 0 ? `up to date with ${before}` : `${number(count)} behind ${before}`);
}

function newest({ since }, { newest: at, age_seconds: age }, status) {
  if (!at) return null;
  // Of a device whose clock is wrong, not 0 s ago.
  const isAhead = Date.parse(at) - Date.parse(status.at) > AHEAD_MS;
  const passed = isAhead ? "ahead of the clock" : element("span", { dataset: { age } }, ago(age + secondsSince(status)));
  return element("span", { class: "soft" }, `${since} `, element("time", { datetime: at }, clock(at, status.at)), ", ", passed);
}

function speed({ name, label }, points) {
  if (name === "marts") return null;
  const all = rates(points, name, { leapsOnly: name === "bronze" || name === "silver" });
  const rate = all.at(-1).rate;
  return element(
    "span",
    { class: "speed" },
    element("span", { dataset: { rate: rate === null ? "" : rate.toFixed(1) } }, rate === null ? "rate not known yet" : `${rate > 0 && rate < 10 ? rate.toFixed(1) : number(Math.round(rate))} a second`),
    sparkline(all, `${label}: growth`),
  );
}

/** Pairs of a mood and a text. */
function problemsOf(name, status) {
  if (name === "log") {
    const deleted = status.partitions.reduce((sum, one) => sum + one.deleted, 0);
    return deleted ? [["bad", `${plural(deleted, "offset")} deleted before a sink read ${deleted === 1 ? "it" : "them"}`]] : [];
  }
  if (name === "lake") {
    const { late } = status.hour_counts;
    return [WAITING[status.waiting?.reason], late ? ["bad", `${plural(late, "hour")} late`] : null].filter(Boolean);
  }
  return name === "marts" && status.proof && !status.proof.proved ? [["bad", "Verify found a difference"]] : [];
}

/** Where `next` does not say the same. */
function waitingNote({ waiting, next }) {
  if (!waiting || waiting.text === next.why) return null;
  return note(waiting.reason === "young" ? "" : (WAITING[waiting.reason]?.[0] ?? "bad"), sentence(waiting.text));
}

/** `goesOn`: a run that has not come to its end. */
function proofLine({ proof, published, at }, goesOn) {
  if (!published) return note("open", "Nothing is published yet, so nothing is proved.");
  const later = goesOn ? " The run proves all of it at its end, after Ctrl-C." : "";
  if (!proof) return note("open", `What was published at ${clock(published.taken_at, at)} is not proved yet.${later}`);
  const mood = proof.proved ? (proof.is_of_published ? "good" : "open") : "bad";
  const begin = proof.proved ? "Proved up to" : "Verify found a difference in what was published at";
  const what = proof.is_of_published
    ? `${begin} ${clock(published.taken_at, at)}${proof.proved ? ", when the marts were published" : ""}.`
    : `${begin} ${timeOfPublication(proof.snapshot, at)}, when an older publication was made. What was published at ${clock(published.taken_at, at)} is not proved yet.${later}`;
  return element(
    "div",
    { class: `verdict ${mood}`, dataset: { proved: proof.proved, current: proof.is_of_published } },
    element("p", {}, visible(what)),
    element("p", { class: "soft" }, `Verify said at ${clock(proof.at, at)}: ${visible(proof.verdict)}`),
  );
}

function delayFigures({ published }) {
  if (!published?.delays?.length) return note("", "Nothing is published yet whose records have a time.");
  return figures(
    published.delays.map(({ to, p50_seconds: half, p99_seconds: most }) => ({
      label: REACHED[to] ?? to,
      value: element("span", {}, seconds(half), element("small", {}, `99 of 100 within ${seconds(most)}`)),
      raw: most,
    })),
  );
}

function seconds(count) {
  return `${count < 10 ? count.toFixed(1) : number(Math.round(count))} s`;
}

/** The id of a publication is the time at which it was made. */
function timeOfPublication(id, now) {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)\d*Z$/.exec(id);
  return parts ? clock(`${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}:${parts[5]}:${parts[6]}Z`, now) : `publication ${id}`;
}
