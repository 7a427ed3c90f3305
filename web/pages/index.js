// Start: is it working, where is what, and what to run next.
import { load } from "../lib/data.js";
import { element } from "../lib/dom.js";
import { age, number, percent, plural, timeToTheSecond, visible, warehouseName } from "../lib/format.js";
import { failedPanel, note, show, verdictOf } from "../lib/frame.js";
import { figures, panel } from "../lib/panel.js";
import { rankedBars, skipColumn, songRow } from "../lib/ranking.js";
import { records } from "../lib/sums.js";

const SONGS_MAX = 8;

const FRESHNESS = [
  ["newest_event", "Newest event", "Latest event time that the marts count."],
  ["newest_record", "Newest record", "Latest broker timestamp of a loaded object."],
  ["loaded_at", "Last load", "When the last object was loaded."],
  ["as_of", "Last dbt batch", "When the last batch of dbt ended."],
];

show(draw, { drawsEmpty: true });

async function draw(publication, content, current) {
  if (publication) {
    const proof = await publication.proof();
    content.append(tiles(publication, current), summary(publication, proof));
    const [songs] = await publication.marts("TOP_SONGS");
    if (songs) content.append(mostPlayed(publication, songs));
  } else {
    if (current.live) content.append(tileList(movingTiles(current)));
    content.append(firstSteps());
  }
  if (current.live) {
    const place = element("div", {}, element("p", { class: "loading" }, "Asking the services …"));
    content.append(panel({ heading: "Services", definition: SERVICES_MEANING, id: "services" }, place));
    load("services").then(
      (services) => place.replaceChildren(serviceList(services)),
      (error) => place.replaceChildren(failedPanel(error)),
    );
  }
}

const SERVICES_MEANING = ["Programs that may run beside the pipeline, and whether each of them answered at the time below."];

function summary(publication, proof) {
  const { snapshot } = publication;
  const verdict = verdictOf(publication, proof);
  const whole = snapshot.completeness;
  const times = FRESHNESS.map(([key, label, definition]) => {
    const at = snapshot.freshness[key];
    const text = at ? element("span", {}, timeToTheSecond(at), element("small", {}, age(at))) : "–";
    return { label, definition: [definition], value: text, raw: at ?? "", kind: "time" };
  });
  const counts = [
    ["Records", "Rows in the warehouse of all hours: kept, duplicates and rejected.", whole.records],
    ["Kept events", "Events that silver kept: valid, and each once.", whole.kept],
    ["Duplicates", "Rows that repeat a kept event.", whole.duplicates],
    ["Rejected", "Rows that are not JSON objects, or break a rule.", whole.rejected_by_sink + whole.rejected_by_silver],
  ].map(([label, definition, value]) => ({ label, definition: [definition], value: number(value), raw: value }));
  return panel(
    { heading: "From the log to the marts", definition: FLOW_MEANING, asOf: proof?.at ?? snapshot.taken_at, wide: true, id: "summary" },
    element(
      "p",
      { class: `verdict ${verdict.mood}`, dataset: { verdict: verdict.badge } },
      visible(verdict.text),
      proof ? element("span", { class: "soft" }, ` · verified ${age(proof.at)}`) : null,
    ),
    proof ? flow(proof.report.stages ?? []) : null,
    figures(counts),
    figures(times, "times"),
    whole.hours_incomplete > 0
      ? note("open", `${plural(whole.hours_incomplete, "hour")} of ${number(whole.hours)} wait for rows (${percent(whole.records, whole.records_expected)} are there). For the rest run: spotify-pipeline load`)
      : null,
  );
}

const FLOW_MEANING = [
  "What verify looked at in each stage: the records of the log, of the lake's objects and of the warehouse's tables, and the rows of the marts. Marts count all records but duplicates and rejected ones.",
  "Pending: a later stage has not come to it yet. Problem: something is missing, is there twice, or has another value than it should have.",
];

function flow(stages) {
  return element("ol", { class: "flow", "aria-label": "Stages in the order of the flow" }, stages.map(station));
}

function station(stage) {
  const mood = stage.problems > 0 ? "bad" : stage.pending > 0 ? "open" : "good";
  const said = [stage.problems > 0 ? plural(stage.problems, "problem") : "no problem", stage.pending > 0 ? `${number(stage.pending)} pending` : null];
  return element(
    "li",
    { class: mood, dataset: { stage: stage.stage } },
    element("span", {}, visible(stage.stage)),
    element("strong", { dataset: { value: stage.records ?? "" } }, typeof stage.records === "number" ? number(stage.records) : "–"),
    element("span", { class: "soft" }, said.filter(Boolean).join(", ")),
  );
}

/** The first rows of the first worksheet, and where the rest is. */
function mostPlayed(publication, mart) {
  const rows = records(mart).slice(0, SONGS_MAX).map((row, at) => songRow(row, at, row.total_plays, row.total_skips));
  return panel(
    { heading: "Most played songs", definition: [mart.description ?? "The first rows of MART.TOP_SONGS."], asOf: publication.snapshot.taken_at, id: "songs" },
    rows.length ? rankedBars({ caption: "The most played songs", name: "songs", rows, columns: [skipColumn] }) : element("p", { class: "soft" }, "No song has an event yet."),
  );
}

function tile(address, heading, text, to = null) {
  return element("li", {}, element("a", { class: "tile", href: address, dataset: to ? { to } : {} }, element("strong", {}, heading), element("span", {}, text)));
}

function tiles(publication, current) {
  const { snapshot } = publication;
  const songs = publication.head("TOP_SONGS");
  const built = snapshot.dbt;
  const failed = built?.nodes.filter((node) => node.kind === "test" && node.status !== "pass").length ?? 0;
  const tests = built?.nodes.filter((node) => node.kind === "test").length ?? 0;
  return tileList([
    tile("result.html", "Result", `${songs ? `${plural(songs.rows_total, "song")} in MART.TOP_SONGS, ` : ""}${plural(snapshot.marts.length, "mart")} in all: rows, profiles, CSV`, "result"),
    tile("music.html", "Music", "Top songs, artists, countries, hours of the day", "music"),
    tile("year.html", "Your year", "One year in numbers, its songs and artists, and all years side by side", "year"),
    tile("runs.html", "Runs", built ? `${number(tests)} dbt test${tests === 1 ? "" : "s"}, ${failed ? `${number(failed)} not passed` : "all passed"}; loads, rejected records, proof` : "Loads, rejected records, proof", "runs"),
    movingTiles(current),
    publication.reportAddress ? tile(publication.reportAddress, "Report", "The result as one file to send to somebody; it works without JavaScript") : null,
    current.dbt_docs ? tile(current.dbt_docs, "dbt docs", `Models, columns and lineage of the marts in ${warehouseName(snapshot.warehouse)}`) : null,
  ]);
}

function tileList(items) {
  return element("nav", { "aria-label": "What there is to see" }, element("ul", { class: "tiles" }, items));
}

/** Files do not move, and a server may not look at log and lake: then one tile says what does. */
function movingTiles(current) {
  if (!current.live) return [];
  if (!current.moves?.on) return tile("flow.html", "Flow, Lake, Topic", "Log and lake as they are now: shown by run --live and serve --flow", "flow");
  return [
    tile("flow.html", "Flow", "How much each stage has, how fast it grows, and how far it is behind the one before", "flow"),
    tile("lake.html", "Lake", "The hours of the lake, their objects, and the first lines of an object", "lake"),
    tile("topic.html", "Topic", "The partitions of the topic, and its records as they arrive", "topic"),
  ];
}

function serviceList(services) {
  if (services.services.length === 0) return note("open", "No service is known here. For Kafka and an S3 server run: make services");
  const runs = services.services.some((one) => one.answers);
  return element(
    "div",
    {},
    runs ? null : element("p", { class: "soft" }, "None of them runs here. A run in one process needs none; the container stack has all of them."),
    services.checked_at ? element("p", { class: "as-of" }, "asked ", element("time", { datetime: services.checked_at }, timeToTheSecond(services.checked_at))) : null,
    element("ul", { class: "services" }, services.services.map((one) => service(one, runs))),
  );
}

/** Where none runs, none is missing. */
function service(one, someRun) {
  const name = isWebAddress(one.url) ? element("a", { href: one.url, rel: "noreferrer" }, visible(one.name)) : element("strong", {}, visible(one.name));
  return element(
    "li",
    { dataset: { service: one.name } },
    element("span", { class: `badge ${one.answers ? "good" : someRun ? "open" : ""}` }, one.answers ? "answers" : "no answer"),
    element("span", {}, name, element("span", { class: "soft" }, ` ${visible(one.what ?? "")}`)),
    one.detail && someRun ? element("span", { class: "soft detail" }, visible(one.detail)) : null,
  );
}

/** A link is made of nothing else, whatever data say. */
function isWebAddress(text) {
  return /^https?:\/\//.test(text ?? "");
}

function firstSteps() {
  const steps = [
    ["spotify-pipeline run", "Runs the whole pipeline once, without any server, and proves the result. Its last lines say how to see it."],
    ["spotify-pipeline publish", "Publishes the marts of a warehouse that load and transform have filled."],
    ["spotify-pipeline doctor", "Says what is missing on this machine."],
  ];
  return panel(
    { heading: "What to run next", wide: true, id: "first-steps" },
    element("ol", { class: "steps" }, steps.map(([command, text]) => element("li", {}, element("code", {}, command), element("span", {}, text)))),
  );
}
