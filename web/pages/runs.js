// Runs: what dbt did, what was loaded, what was rejected, what was proved.
import { svg, element } from "../lib/dom.js";
import { bounded, number, percent, plural, seconds, time, timeToTheSecond, visible } from "../lib/format.js";
import { note, show, verdictOf } from "../lib/frame.js";
import { figures, panel } from "../lib/panel.js";
import { table } from "../lib/table.js";

const GOOD = new Set(["pass", "success"]);

show(async (publication, content) => {
  const proof = await publication.proof();
  content.append(
    overview(publication, proof),
    proofPanel(publication, proof),
    buildPanel(publication),
    testsPanel(publication),
    rejectedPanel(publication),
    ledgerPanel(publication),
  );
});

function overview(publication, proof) {
  const { snapshot } = publication;
  const verdict = verdictOf(publication, proof);
  const nodes = snapshot.dbt?.nodes ?? [];
  const tests = nodes.filter((node) => node.kind === "test");
  const failed = tests.filter((node) => !GOOD.has(node.status));
  return figures([
    { label: "Proof", value: verdict.badge, raw: verdict.badge, definition: ["What verify said of this publication."], mood: verdict.mood },
    { label: "Last build", value: snapshot.dbt ? seconds(snapshot.dbt.seconds) : "–", raw: snapshot.dbt?.seconds ?? "", definition: ["How long dbt took from its start to its end."] },
    { label: "dbt tests not passed", value: `${number(failed.length)} of ${number(tests.length)}`, raw: failed.length, definition: ["Tests that found rows, or could not run."], mood: failed.length ? "bad" : "" },
    { label: "Objects loaded", value: number(snapshot.ledger.objects), raw: snapshot.ledger.objects, definition: ["Rows of the load ledger: each object of the lake is loaded once."] },
    { label: "Records loaded", value: number(snapshot.ledger.records), raw: snapshot.ledger.records, definition: ["Records in these objects."] },
    { label: "Rejected events", value: number(snapshot.rejected.events), raw: snapshot.rejected.events, definition: ["Rejected rows, each once, whatever the number of its faults."] },
  ]);
}

// --- dbt ---

function buildPanel({ snapshot }) {
  const definition = ["What dbt did in its last build: models, snapshots, operations and tests, in the order in which they began."];
  if (!snapshot.dbt) return panel({ heading: "The last dbt build", definition, wide: true, id: "build" }, note("open", "dbt left no results here. For a build run: spotify-pipeline transform"));
  const began = Date.parse(snapshot.dbt.started_at);
  const timed = snapshot.dbt.nodes.filter((node) => node.started_at).map((node) => ({ ...node, from: (Date.parse(node.started_at) - began) / 1000 }));
  // From the first node on: before it dbt only reads the project.
  const first = timed.length ? Math.min(...timed.map((node) => node.from)) : 0;
  const last = Math.max(...timed.map((node) => node.from + node.seconds), first + 0.001);
  const rows = timed.sort((one, other) => one.from - other.from || other.seconds - one.seconds).map((node) => ({ ...node, mood: GOOD.has(node.status) ? null : node.status === "skipped" ? "open" : "bad" }));
  return panel(
    { heading: "The last dbt build", definition, asOf: snapshot.dbt.started_at, wide: true, id: "build" },
    table({
      caption: `${plural(rows.length, "node")} in ${seconds(snapshot.dbt.seconds)}`,
      name: "dbt-nodes",
      columns: [
        { label: "Node", text: (row) => row.name, most: 60, kind: "name" },
        { label: "Kind", key: "kind" },
        { label: "Status", text: (row) => element("span", { class: `badge ${GOOD.has(row.status) ? "good" : row.mood}` }, visible(row.status)) },
        { label: "Seconds", text: (row) => element("data", { value: row.seconds, dataset: { value: row.seconds } }, row.seconds.toFixed(2)), kind: "number" },
        { label: `0 to ${seconds(last - first)}`, text: (row) => ganttBar(row, first, last), kind: "gantt" },
      ],
      rows,
    }),
  );
}

function ganttBar(node, first, last) {
  const scale = 1000 / (last - first);
  const x = (node.from - first) * scale;
  const title = `begins after ${seconds(node.from - first)}, takes ${seconds(node.seconds)}`;
  return svg(
    "svg",
    { viewBox: "0 0 1000 14", preserveAspectRatio: "none", role: "img", "aria-label": title },
    svg("rect", { class: `node ${node.kind} ${node.mood ?? ""}`, x, y: 2, width: Math.max(3, node.seconds * scale), height: 10 }),
  );
}

function testsPanel({ snapshot }) {
  const tests = (snapshot.dbt?.nodes ?? []).filter((node) => node.kind === "test");
  const failed = tests.filter((node) => !GOOD.has(node.status));
  const definition = ["Tests of the dbt project: each looks for rows that should not be there."];
  const rows = [...failed, ...tests.filter((node) => GOOD.has(node.status))].map((node) => ({ ...node, mood: GOOD.has(node.status) ? null : "bad" }));
  const message = failed.length
    ? note("bad", `${number(failed.length)} of ${plural(tests.length, "test")} did not pass.`)
    : tests.length ? element("p", {}, `All ${number(tests.length)} tests passed.`) : element("p", {}, "No test was run.");
  return panel(
    { heading: "Tests", definition, asOf: snapshot.dbt?.started_at, id: "tests" },
    message,
    rows.length
      ? table({
          caption: "Tests, those with failures first",
          name: "dbt-tests",
          hideCaption: true,
          columns: [
            { label: "Test", text: (row) => row.name, kind: "name" },
            { label: "Status", text: (row) => element("span", { class: `badge ${row.mood ?? "good"}` }, visible(row.status)) },
            { label: "Rows found", text: (row) => row.failures, kind: "number" },
            { label: "Message", text: (row) => row.message || null, most: 200 },
          ],
          rows,
        })
      : null,
  );
}

// --- rejected, ledger ---

function rejectedPanel({ snapshot }) {
  const { events, reasons } = snapshot.rejected;
  const definition = ["Why records were not counted. A record may have several faults; each reason counts its events. The sample is TOPIC/PARTITION/OFFSET of one of them."];
  const most = Math.max(...reasons.map((one) => one.events), 1);
  return panel(
    { heading: "Rejected records", definition, asOf: snapshot.taken_at, id: "rejected" },
    events === 0 ? element("p", {}, "Nothing was rejected.") : null,
    reasons.length
      ? table({
          caption: `${plural(events, "rejected event")} by reason`,
          name: "rejected",
          columns: [
            { label: "Reason", key: "reason" },
            { label: "Field", text: (row) => row.field },
            { label: "Events", key: "events", kind: "number" },
            { label: "Share", text: (row) => bar(row.events, most, percent(row.events, events)), kind: "share" },
            { label: "By", key: "rejected_by" },
            { label: "Sample", text: (row) => row.sample, kind: "code" },
          ],
          rows: reasons,
        })
      : null,
    events > 0 ? note("plain", "For the records themselves run: spotify-pipeline rejected show") : null,
  );
}

function bar(amount, most, text) {
  return element(
    "span",
    { class: "share-bar" },
    svg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("rect", { x: 0, y: 1, width: (100 * amount) / most, height: 8 })),
    element("span", {}, text),
  );
}

function ledgerPanel({ snapshot }) {
  const { ledger } = snapshot;
  const definition = ["The load ledger names every object of the lake that was loaded, in the transaction that loaded its rows. The latest are first."];
  return panel(
    { heading: "Loaded objects", definition, asOf: snapshot.taken_at, wide: true, id: "ledger" },
    table({
      caption: `The last ${number(ledger.tail.length)} of ${plural(ledger.objects, "object")}`,
      name: "ledger",
      columns: [
        { label: "Loaded", text: (row) => timeToTheSecond(row.loaded_at) },
        { label: "Object", text: (row) => row.object_key, kind: "code" },
        { label: "Topic", key: "topic" },
        { label: "Partition", key: "partition", kind: "number" },
        { label: "First offset", key: "first_offset", kind: "number" },
        { label: "Last offset", key: "last_offset", kind: "number" },
        { label: "Records", key: "records", kind: "number" },
        { label: "Rejected", key: "rejected", kind: "number" },
      ],
      rows: ledger.tail,
    }),
  );
}

// --- proof ---

function proofPanel(publication, proof) {
  const verdict = verdictOf(publication, proof);
  const definition = ["verify reads the log, the lake and the warehouse itself, and counts again, in another way, what the marts show."];
  const body = [element("p", { class: `verdict ${verdict.mood}`, dataset: { verdict: verdict.badge } }, visible(verdict.text))];
  if (proof) body.push(...proofParts(proof.report));
  else body.push(lastProof(publication.snapshot.last_proof));
  return panel({ heading: "Proof", definition, asOf: proof?.at, wide: true, id: "proof" }, body);
}

function lastProof(last) {
  if (!last) return null;
  return element("p", { class: "soft" }, `Of the publication before, verify said at ${time(last.at)}: ${visible(last.verdict)}`);
}

function proofParts(report) {
  const parts = [
    table({
      caption: "Stages in the order of the flow",
      name: "proof-stages",
      tall: false,
      columns: [
        { label: "Stage", key: "stage" },
        { label: "Records", text: (row) => row.records, kind: "number" },
        { label: "In", text: inWhat },
        { label: "Pending", key: "pending", kind: "number" },
        { label: "Problems", key: "problems", kind: "number" },
      ],
      rows: (report.stages ?? []).map((stage) => ({ ...stage, mood: stage.problems > 0 ? "bad" : null })),
    }),
  ];
  if (report.findings?.length) parts.push(findings(report.findings));
  for (const [key, heading] of [["exceptions", "Not compared"], ["notes", "Worth knowing"]]) {
    if (report[key]?.length) parts.push(list(heading, report[key]));
  }
  if (report.proof?.length) parts.push(whatIsProved(report.proof));
  return parts;
}

function inWhat(stage) {
  const found = ["chains", "objects", "tables"].filter((what) => stage[what] !== undefined && stage[what] !== null).map((what) => `${number(stage[what])} ${what}`);
  return found.length ? found.join(", ") : null;
}

function findings(all) {
  return table({
    caption: plural(all.length, "finding"),
    name: "findings",
    columns: [
      { label: "Stage", key: "stage" },
      { label: "What", key: "kind" },
      { label: "How many", key: "total", kind: "number" },
      { label: "Pending", text: (row) => (row.pending ? "yes, a later stage is not there yet" : "no") },
      { label: "Which", text: (row) => (row.named ?? []).map(String).join("; "), most: 600 },
    ],
    rows: all.map((one) => ({ ...one, mood: one.pending ? "open" : "bad" })),
  });
}

function list(heading, lines) {
  return element("div", {}, element("h3", {}, heading), element("ul", {}, lines.map((line) => element("li", {}, bounded(String(line), 400)))));
}

function whatIsProved(all) {
  const proved = all.filter((one) => one.proved).length;
  return element(
    "details",
    { class: "definitions" },
    element("summary", {}, `What is proved and what is not: ${number(proved)} of ${number(all.length)} parts`),
    table({
      caption: "The list of the proof",
      name: "proof-list",
      columns: [
        { label: "Place", key: "place" },
        { label: "Part", key: "part" },
        { label: "Rows", text: (row) => row.rows ?? null },
        { label: "Proved", text: (row) => (row.proved ? "yes" : "no") },
        { label: "By", text: (row) => row.by, most: 300 },
      ],
      rows: all,
    }),
  );
}
