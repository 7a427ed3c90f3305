// Topic: its partitions, and its records as they come in.
import { choice, choose } from "../lib/address.js";
import { element, freshId, patch } from "../lib/dom.js";
import { bounded, clock, exactTime, number, plural, sentence, visible } from "../lib/format.js";
import { note, showMoving } from "../lib/frame.js";
import { objectAddress } from "../lib/lake.js";
import { ask, AskError, openStream } from "../lib/live.js";
import { panel } from "../lib/panel.js";
import { followStatus, nextStep, stageOf } from "../lib/status.js";
import { table, tableRow, updateRows } from "../lib/table.js";

const ROWS_MAX = 500;
// How often rows are drawn: a browser takes a while to lay out and paint them.
const DRAW_MS = 500;
const TYPING_MS = 400;
const FILTER_MAX = 256;
const VALUE_SHOWN = 160;
// Where the space bar has a meaning of its own.
const TAKES_SPACE = "input, textarea, select, button, summary, a, [contenteditable]";

const PARTITIONS_MEANING = [
  "Log start and log end: the offsets that the log has. The end is the next offset that it will give.",
  "Lake end: up to where the lake has the partition. Lag: the offsets that it lacks. Deleted: of these, what the log no longer has.",
  "Committed: where the consumer group begins again. Newest: the time of the newest record in the log.",
];
const TAIL_MEANING = [
  `The newest records, the newest on top; ${number(ROWS_MAX)} are kept. At most 200 a second are shown, and the rest is counted.`,
  "After the connection was lost it goes on where it was: of what came meanwhile, the last records are shown, and the rest is counted.",
  "The filter is a part of the key or of the value as they are shown, of their first 2 KiB. Upper and lower case differ.",
  "A record is named by its partition and its offset. Press its name to see what becomes of it.",
  "The space bar pauses and continues. What goes by meanwhile is counted, and not kept.",
];

showMoving((content, current) => {
  const record = recordPanel();
  const tail = tailPanel(record);
  const partitions = partitionsTable();
  const summary = element("p", {});
  const asOf = followStatus(content, {
    draw: (status) => {
      patch(summary, summaryOf(status));
      partitions.update(status);
      tail.onStatus(status, current.follow);
    },
  });
  content.append(panel({ heading: "Partitions", definition: PARTITIONS_MEANING, wide: true, id: "partitions" }, asOf, summary, partitions.node), tail.panel, record.panel);
});

// --- partitions ---

function summaryOf(status) {
  const sinks = status.sinks === null ? "" : ` The group ${visible(status.group)} has ${plural(status.sinks, "member")}.`;
  const count = stageOf(status, "log").count;
  const lag = status.lag > 0 ? `The lake lacks ${plural(status.lag, "offset")}.` : count > 0 ? "All of the log is in the lake." : "";
  return element("p", {}, element("strong", { dataset: { value: count } }, plural(count, "offset")), ` in ${plural(status.partitions.length, "partition")}. ${lag}${sinks}`);
}

function partitionsTable() {
  const columns = [
    { label: "Partition", key: "partition", kind: "number" },
    { label: "Log start", key: "log_start", kind: "number" },
    { label: "Log end", key: "log_end", kind: "number" },
    { label: "Lake end", key: "lake_end", kind: "number" },
    { label: "Committed", key: "committed", kind: "number" },
    { label: "Lag", key: "lag", kind: "number" },
    { label: "Deleted", key: "deleted", kind: "number" },
    { label: "Newest", text: (row) => (row.log_newest ? exactTime(row.log_newest) : null) },
  ];
  const node = table({ caption: "Partitions of the topic", name: "partitions", hideCaption: true, columns, rows: [] });
  return {
    node,
    update: ({ partitions }) => updateRows(node, columns, partitions.map((one) => ({ ...one, mood: one.deleted > 0 ? "bad" : null }))),
  };
}

// --- the end of the topic ---

function tailPanel(record) {
  const columns = [
    { label: "Record", text: openButton, kind: "record" },
    { label: "Time", text: (row) => (row.time ? exactTime(row.time) : null), kind: "time" },
    { label: "Key", text: (row) => shownText(row.key, 40), kind: "key" },
    { label: "Value", text: (row) => shownText(row.value, VALUE_SHOWN), kind: "value" },
    { label: "Rejected", kind: "code", text: (row) => (row.code ? element("span", { class: "badge bad", title: visible(row.reason) }, visible(row.code)) : null) },
  ];
  function openButton(row) {
    return element("button", { type: "button", class: "quiet", dataset: { record: `${row.partition}/${row.offset}` }, "aria-label": `Open record ${row.partition}/${row.offset}`, on: { click: () => record.show(row) } }, `${row.partition}/${row.offset}`);
  }

  const rows = table({ caption: "Records, the newest first", name: "tail", hideCaption: true, columns, rows: [] });
  const body = rows.querySelector("tbody");
  const empty = element("div", { class: "soft" }, element("p", {}, "No record has come yet."));
  const count = element("p", { class: "count" });
  const problem = element("div", { "aria-live": "polite" });
  const connection = element("p", { class: "connection" });
  const pause = element("button", { type: "button", title: "Space bar", on: { click: () => setPaused(!paused) } });
  // The rows of the page by partition and offset, the oldest first.
  const kept = new Map();
  let coming = [];
  let drawing = 0;
  let topic = "";
  let paused = false;
  let notShown = 0;
  let passed = 0;

  const tell = () => {
    const parts = [element("strong", { dataset: { value: kept.size } }, plural(kept.size, "record"))];
    if (notShown) parts.push(element("span", { dataset: { notShown } }, ` · ${number(notShown)} more were not shown, as too many came at once, or while the page was not connected`));
    if (paused) parts.push(element("span", { dataset: { passed } }, ` · Paused: ${number(passed)} went by since then`));
    patch(count, element("p", { class: "count" }, parts));
    pause.textContent = paused ? "Continue" : "Pause";
    empty.hidden = kept.size > 0;
    rows.hidden = kept.size === 0;
  };

  const setPaused = (value) => {
    drawComing();
    paused = value;
    passed = 0;
    tell();
  };

  const clear = () => {
    coming = [];
    kept.clear();
    body.replaceChildren();
    notShown = 0;
    problem.replaceChildren();
    setPaused(false);
  };

  const onRecords = ({ records, not_shown: more }, id) => {
    problem.replaceChildren();
    const [ofEvent] = id.split(".");
    // A topic that was created again gives the same offsets to other records.
    if (topic && topic !== ofEvent) clear();
    topic = ofEvent;
    if (paused) {
      passed += records.length + more;
      return tell();
    }
    notShown += more;
    coming = [...coming, ...records].slice(-ROWS_MAX);
    drawing ||= setTimeout(drawComing, kept.size === 0 ? 0 : DRAW_MS);
  };

  const drawComing = () => {
    clearTimeout(drawing);
    drawing = 0;
    add(coming);
    coming = [];
    tell();
  };

  const add = (records) => {
    const fresh = document.createDocumentFragment();
    for (const one of inTime(records)) {
      const name = `${one.partition}/${one.offset}`;
      // Told again after the connection was lost.
      if (kept.has(name)) continue;
      const row = tableRow(columns, { ...one, mood: one.code ? "bad" : null });
      kept.set(name, row);
      fresh.prepend(row);
    }
    body.prepend(fresh);
    for (const [name, row] of kept) {
      if (kept.size <= ROWS_MAX) break;
      kept.delete(name);
      row.remove();
    }
  };

  const stream = openStream({
    address: streamAddress(),
    place: connection,
    events: {
      records: onRecords,
      // Where the topic ends, though no record is shown: the stream goes on from there.
      position: () => {},
      problem: ({ message }) => problem.replaceChildren(note("bad", `The log cannot be read now: ${sentence(message)}`)),
    },
  });
  const form = filterForm(() => {
    clear();
    stream.change(streamAddress());
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.target.closest?.(TAKES_SPACE)) return;
    event.preventDefault();
    setPaused(!paused);
  });
  tell();

  return {
    panel: panel(
      { heading: "Records as they arrive", definition: TAIL_MEANING, wide: true, id: "tail" },
      connection,
      form.node,
      element("div", { class: "bar" }, count, element("div", { class: "buttons" }, pause)),
      problem,
      empty,
      rows,
    ),
    onStatus(status, goesOn) {
      form.setPartitions(status.partitions.length);
      const isEmpty = stageOf(status, "log").count === 0;
      const words = isFiltered() ? "No record near the end of the topic has what you look for. New ones are shown as they come." : "No record has come yet.";
      patch(empty, element("div", { class: "soft", hidden: empty.hidden }, element("p", {}, words), isEmpty ? nextStep(status, goesOn) : null));
    },
  };
}

/** Partition after partition as they were read; those without a time stay where they are. */
function inTime(records) {
  return [...records].sort((one, other) => (one.time && other.time ? Date.parse(one.time) - Date.parse(other.time) : 0));
}

function isFiltered() {
  return Boolean(choice("text") || choice("partition") || choice("rejected"));
}

function streamAddress() {
  const wanted = new URLSearchParams();
  for (const name of ["partition", "text", "rejected"]) if (choice(name)) wanted.set(name, choice(name));
  const text = wanted.toString();
  return text ? `live/records?${text}` : "live/records";
}

function shownText(text, most) {
  if (text === null) return element("span", { class: "none" }, "NULL");
  if (text === "") return element("span", { class: "none" }, "(empty)");
  return element("bdi", {}, bounded(text, most));
}

function filterForm(onChange) {
  const ids = { text: freshId("text"), partition: freshId("partition"), rejected: freshId("rejected") };
  let typing = 0;
  const apply = (changes) => {
    clearTimeout(typing);
    choose(changes);
    onChange();
  };
  const text = element("input", {
    id: ids.text,
    type: "search",
    value: choice("text"),
    maxlength: FILTER_MAX,
    spellcheck: "false",
    autocomplete: "off",
    placeholder: "part of key or value",
    dataset: { filter: "text" },
    on: {
      input: () => {
        clearTimeout(typing);
        typing = setTimeout(() => apply({ text: text.value }), TYPING_MS);
      },
    },
  });
  const partition = element("select", { id: ids.partition, dataset: { filter: "partition" }, on: { change: () => apply({ partition: partition.value }) } }, element("option", { value: "" }, "All"));
  const rejected = element("input", { id: ids.rejected, type: "checkbox", checked: choice("rejected") === "1", dataset: { filter: "rejected" }, on: { change: () => apply({ rejected: rejected.checked ? "1" : "" }) } });
  const node = element(
    "form",
    {
      class: "filters",
      "aria-label": "Which records are shown",
      on: {
        submit: (event) => {
          event.preventDefault();
          apply({ text: text.value });
        },
      },
    },
    element("label", { for: ids.text }, element("span", {}, "Filter"), text),
    element("label", { for: ids.partition }, element("span", {}, "Partition"), partition),
    element("label", { for: ids.rejected, class: "check" }, rejected, element("span", {}, "Rejected only")),
  );
  return {
    node,
    setPartitions(partitions) {
      for (let at = partition.options.length - 1; at < partitions; at += 1) {
        partition.append(element("option", { value: at, selected: choice("partition") === String(at) }, number(at)));
      }
    },
  };
}

// --- what became of a record ---

function recordPanel() {
  const place = element("div", {});
  const made = panel({ heading: "What becomes of a record", definition: ["Where it is, as far as that is known without a warehouse."], wide: true, id: "record" }, place);
  made.hidden = true;
  let asked = null;

  const close = () => {
    asked?.abort();
    made.hidden = true;
    choose({ record: "" });
  };

  async function show({ partition, offset }, isAsked = true) {
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    choose({ record: `${partition}/${offset}` });
    made.hidden = false;
    if (!place.hasChildNodes()) place.append(element("p", { class: "loading" }, "Looking for the record …"));
    let body;
    let seen = [];
    try {
      const found = await ask(`live/record?${new URLSearchParams({ partition, offset })}`, signal);
      seen = [" · as of ", element("time", { datetime: found.as_of }, clock(found.as_of))];
      body = fate(found);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof AskError)) console.error(error);
      body = [note("bad", error.message)];
    }
    if (signal.aborted) return;
    const again = element("button", { type: "button", on: { click: () => show({ partition, offset }) } }, "Look again");
    const away = element("button", { type: "button", on: { click: () => leave(`${partition}/${offset}`) } }, "Close");
    place.replaceChildren(
      element("p", { class: "as-of" }, `offset ${number(offset)} of partition ${number(partition)}`, ...seen),
      ...body,
      element("div", { class: "bar" }, element("span", {}), element("div", { class: "buttons" }, again, away)),
    );
    if (!isAsked) return;
    again.focus({ preventScroll: true });
    made.scrollIntoView({ block: "nearest" });
  }

  const leave = (name) => {
    close();
    document.querySelector(`[data-record="${CSS.escape(name)}"]`)?.focus();
  };

  const wanted = /^(\d+)\/(\d+)$/.exec(choice("record"));
  if (wanted) show({ partition: wanted[1], offset: wanted[2] }, false);
  return { panel: made, show };
}

function fate(found) {
  return [
    found.code ? note("bad", `Rejected: ${sentence(found.reason || found.code)}`) : null,
    element(
      "dl",
      { class: "fate" },
      step("Log", [`written at ${found.time ? `${exactTime(found.time)} UTC` : "an unknown time"}, with the key `, shownText(found.key ?? null, 200)]),
      step("Lake", [found.object ? [element("a", { href: objectAddress(found.object.key) }, visible(found.object.key)), ` with the offsets ${number(found.object.first_offset)} to ${number(found.object.last_offset)}`] : null, said(found.object_note)]),
      step("Bronze", [{ true: "Loaded.", false: "Not loaded yet." }[found.loaded] ?? "It is not known whether it is loaded.", said(found.loaded_note)]),
      step("Silver and marts", [said(found.fate_note)]),
    ),
    element("h3", {}, found.cut ? "Value, its first 2 KiB" : "Value"),
    found.value === null || found.value === undefined
      ? element("p", { class: "none" }, "NULL")
      : element("pre", { class: "sql lines", tabindex: 0, role: "region", "aria-label": "Value of the record" }, visible(found.value)),
  ].filter(Boolean);
}

function step(stage, body) {
  return [element("dt", {}, stage), element("dd", { dataset: { fate: stage } }, body.flat().filter(Boolean))];
}

function said(text) {
  return text ? ` ${visible(sentence(text))}` : null;
}
