// Lake: which hours are closed, the objects of one, and the first lines of an object.
import { choice, choose } from "../lib/address.js";
import { byId, element, patch } from "../lib/dom.js";
import { ago, bounded, clock, exactTime, number, plural, visible } from "../lib/format.js";
import { note, showMoving } from "../lib/frame.js";
import { hourText, partsOf, twoDigits } from "../lib/lake.js";
import { ask, AskError, everySecond } from "../lib/live.js";
import { panel } from "../lib/panel.js";
import { followStatus, nextStep, stageOf } from "../lib/status.js";
import { sortableTable } from "../lib/table.js";

const STATES = {
  complete: { mark: "✓", words: "complete", meaning: "every partition has closed the hour, so nothing is added to it any more." },
  open: { mark: "○", words: "open", meaning: "more records may come." },
  late: { mark: "!", words: "late", meaning: "the hour ended long ago, but no sink has closed it." },
};

const HOURS_MEANING = ["The newest hours of the lake, by the time of their records in the log.", ...Object.values(STATES).map(({ words, meaning }) => `${words}: ${meaning}`)];
const OBJECTS_MEANING = ["Each object holds a range of offsets of one partition, one line a record. It lies in the hour of its first record. The newest stand first."];
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -24, ArrowDown: 24 };

showMoving((content, current) => {
  const calendar = element("div", { class: "calendar", role: "group", "aria-label": "Hours of the lake. Arrow keys go from one to the next." });
  const empty = element("div", {});
  const objects = objectsPanel();
  let status = null;
  // Where Tab arrives among the hours.
  let reached = choice("hour");

  const redraw = () => patch(calendar, drawnCalendar(calendar, status, objects.hour, reached));
  const select = (hour) => {
    reached = hour;
    objects.show(hour, status);
    redraw();
  };

  calendar.addEventListener("click", (event) => {
    const { hour } = event.target.closest("button")?.dataset ?? {};
    if (!hour) return;
    choose({ hour, object: "" });
    select(hour);
  });
  calendar.addEventListener("keydown", (event) => {
    const hour = hourReachedBy(event, status);
    if (!hour) return;
    event.preventDefault();
    reached = hour;
    redraw();
    calendar.querySelector(`[data-hour="${hour}"]`).focus();
  });
  window.addEventListener("hashchange", () => {
    const hour = choice("hour");
    if (hour && (hour !== objects.hour || choice("object"))) select(hour);
  });

  const asOf = followStatus(content, {
    draw: (newest) => {
      status = newest;
      if (!objects.hour) objects.show(choice("hour") || status.hours.at(-1)?.hour || "", status);
      objects.compare(status);
      redraw();
      patch(empty, element("div", {}, status.hours.length ? null : [note("open", "The lake has no hour with records yet."), nextStep(status, current.follow)]));
    },
  });

  content.append(panel({ heading: "Hours", definition: HOURS_MEANING, wide: true, id: "hours" }, asOf, legend(), calendar, empty), ...objects.panels);
});

// --- hours ---

function stateOf(hour) {
  return hour.late ? "late" : hour.state;
}

function legend() {
  return element("p", { class: "legend" }, Object.entries(STATES).map(([name, { mark, words }]) => element("span", {}, element("span", { class: `mark ${name}`, "aria-hidden": "true" }, mark), ` ${words}`)));
}

/** Days, the newest first, of 24 hours. */
function drawnCalendar(place, status, selected, reached) {
  const known = new Map(status.hours.map((one) => [one.hour, one]));
  const days = [...new Set(status.hours.map((one) => partsOf(one.hour).day))].sort().reverse();
  const entry = known.has(reached) ? reached : known.has(selected) ? selected : status.hours.at(-1)?.hour;
  const fresh = place.cloneNode(false);
  fresh.append(...days.map((day) => element("div", { class: "day" }, element("span", { class: "day-name" }, day), element("div", { class: "hours" }, hoursOf(day)))));
  return fresh;

  function hoursOf(day) {
    return Array.from({ length: 24 }, (_, at) => {
      const found = known.get(`${day}T${twoDigits(at)}`);
      if (!found) return element("span", { class: "hour none", "aria-hidden": "true" }, twoDigits(at));
      const state = stateOf(found);
      return element(
        "button",
        {
          type: "button",
          class: `hour ${state}`,
          dataset: { hour: found.hour, state },
          "aria-pressed": found.hour === selected ? "true" : "false",
          "aria-label": `${hourText(found.hour)}: ${wordsOf(found, status)}`,
          title: wordsOf(found, status),
          tabindex: found.hour === entry ? 0 : -1,
        },
        twoDigits(at),
        element("span", { class: `mark ${state}` }, STATES[state].mark),
      );
    });
  }
}

function wordsOf(hour, status) {
  const closed = `closed by ${number(hour.partitions_closed)} of ${plural(status.partitions.length, "partition")}`;
  const records = hour.records_closed === null ? "" : `, with ${plural(hour.records_closed, "record")}`;
  return `${STATES[stateOf(hour)].words}, ${closed}${records}`;
}

/** The hour to which a key leads, or undefined. */
function hourReachedBy(event, status) {
  const from = event.target.dataset.hour;
  if (!from || !status) return undefined;
  const all = status.hours.map((one) => one.hour);
  if (event.key === "Home") return all[0];
  if (event.key === "End") return all.at(-1);
  const step = STEPS[event.key];
  if (!step) return undefined;
  if (Math.abs(step) === 1) return all[all.indexOf(from) + step];
  const wanted = new Date(Date.parse(`${from}:00:00Z`) + step * 3_600_000).toISOString().slice(0, 13);
  return all.includes(wanted) ? wanted : undefined;
}

// --- objects ---

function objectsPanel() {
  const place = element("div", {}, element("p", { class: "soft" }, "No hour is chosen yet."));
  const head = headPanel();
  const panels = [panel({ heading: "Objects", definition: OBJECTS_MEANING, wide: true, id: "objects" }, place), head.panel];
  let hour = "";
  let asked = null;
  let shown = null;

  const draw = (found, status) => {
    const again = element("button", { type: "button", on: { click: () => show(hour, shown.status) } }, "Look again");
    const grown = element("span", { class: "soft", hidden: true, dataset: { grown: "" } }, "The lake has grown since then.");
    const age = element("span", {});
    shown = { status, received: Date.now(), age, grown, lake: status ? stageOf(status, "lake").count : null };
    place.replaceChildren(
      element("p", { class: "as-of" }, `${hourText(found.hour)} · as of `, element("time", { datetime: found.as_of }, clock(found.as_of)), age),
      element("div", { class: "bar" }, element("p", { class: "count" }, countOf(found)), element("div", { class: "buttons" }, grown, again)),
      found.objects.length ? objectTable(found, head) : element("p", { class: "soft" }, "This hour has no object yet."),
    );
    tellAge();
  };

  const tellAge = () => {
    if (shown) shown.age.textContent = `, ${ago((Date.now() - shown.received) / 1000)}`;
  };

  async function show(wanted, status) {
    hour = wanted;
    asked?.abort();
    if (!hour) return;
    asked = new AbortController();
    const { signal } = asked;
    head.follow(choice("object"));
    if (shown === null) place.replaceChildren(element("p", { class: "loading" }, "Looking for objects …"));
    try {
      const found = await ask(`live/objects?${new URLSearchParams({ hour })}`, signal);
      if (!signal.aborted) draw(found, status);
    } catch (error) {
      if (signal.aborted) return;
      shown = null;
      place.replaceChildren(failed(error), element("button", { type: "button", on: { click: () => show(hour, status) } }, "Try again"));
    }
  }

  everySecond(tellAge);
  return {
    panels,
    show,
    get hour() {
      return hour;
    },
    /** Says when there may be more objects than are shown. */
    compare(status) {
      if (!shown) return;
      const state = status.hours.find((one) => one.hour === hour)?.state;
      shown.grown.hidden = state === "complete" || shown.lake === null || stageOf(status, "lake").count === shown.lake;
    },
  };
}

function failed(error) {
  if (!(error instanceof AskError)) console.error(error);
  return note("bad", error.message);
}

function countOf({ objects, not_shown: more }) {
  const sum = (field) => objects.reduce((all, one) => all + one[field], 0);
  const parts = [element("strong", { dataset: { value: objects.length } }, plural(objects.length, "object"))];
  parts.push(` with ${plural(sum("records"), "record")}, ${number(sum("rejected"))} of them rejected, in ${plural(sum("bytes"), "byte")}`);
  if (more) parts.push(`; the hour has ${number(more)} more, whose names come before these`);
  return parts;
}

function objectTable(found, head) {
  const name = (row) => row.key.slice(row.key.lastIndexOf("/") + 1);
  const numeric = (label, key) => ({ label, key, kind: "number", by: (row) => row[key] });
  const timed = (label, key) => ({ label, text: (row) => (row[key] ? exactTime(row[key]) : null), by: (row) => row[key] ?? null });
  const headButton = (row) => element("button", { type: "button", class: "quiet", "aria-label": `Head of ${visible(name(row))}`, dataset: { head: row.key }, on: { click: () => head.press(row.key) } }, "Head");
  return sortableTable({
    caption: `Objects of ${hourText(found.hour)}`,
    name: "objects",
    hideCaption: true,
    columns: [
      { label: "First lines", text: headButton },
      numeric("Partition", "partition"),
      numeric("First offset", "first_offset"),
      numeric("Last offset", "last_offset"),
      numeric("Records", "records"),
      numeric("Rejected", "rejected"),
      numeric("Bytes", "bytes"),
      timed("First record", "first_time"),
      timed("Last record", "last_time"),
      { label: "Object", text: (row) => element("bdi", { title: visible(row.key) }, bounded(name(row), 90)), kind: "code", by: name },
      { label: "SHA-256", text: (row) => (row.sha256 ? element("span", { title: visible(row.sha256) }, `${visible(row.sha256.slice(0, 12))}…`) : null), kind: "code" },
    ],
    rows: [...found.objects].reverse(),
    order: readOrder(choice("order")),
    onOrder: (order) => choose({ order: order ? `${order.column}:${order.dir}` : "" }),
  });
}

function readOrder(text) {
  const parts = /^(.*):(asc|desc)$/.exec(text);
  return parts ? { column: parts[1], dir: parts[2] } : null;
}

// --- the head of an object ---

function headPanel() {
  const place = element("div", {});
  const made = panel({ heading: "Head of an object", definition: ["The first lines of the object, as they are stored: one JSON object a record."], wide: true, id: "head" }, place);
  made.hidden = true;
  let asked = null;
  let from = null;

  const close = () => {
    asked?.abort();
    from = null;
    made.hidden = true;
    choose({ object: "" });
  };
  const closeButton = () =>
    element(
      "button",
      {
        type: "button",
        on: {
          click: () => {
            const button = byId("objects").querySelector(`[data-head="${CSS.escape(from)}"]`);
            close();
            button?.focus();
          },
        },
      },
      "Close",
    );

  /** `isPressed`: the reader is led to it. */
  async function show(key, { isPressed }) {
    from = key;
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    choose({ object: key });
    made.hidden = false;
    place.replaceChildren(element("p", { class: "loading" }, "Reading the object …"));
    let lines;
    let seen = [];
    try {
      const found = await ask(`live/head?${new URLSearchParams({ key })}`, signal);
      seen = [" · as of ", element("time", { datetime: found.as_of }, clock(found.as_of))];
      lines = drawnHead(found);
    } catch (error) {
      if (signal.aborted) return;
      lines = [failed(error)];
    }
    if (signal.aborted) return;
    place.replaceChildren(element("p", { class: "as-of" }, element("bdi", {}, visible(key)), ...seen), ...lines, element("p", { class: "under" }, closeButton()));
    if (!isPressed) return;
    (place.querySelector("pre") ?? place.querySelector("button")).focus({ preventScroll: true });
    made.scrollIntoView({ block: "nearest" });
  }

  return {
    panel: made,
    press: (key) => show(key, { isPressed: true }),
    /** What the address says is open. */
    follow(key) {
      if (!key) close();
      else if (key !== from) show(key, { isPressed: false });
    },
  };
}

function drawnHead({ lines, cut }) {
  return [
    element("p", { class: "soft" }, cut ? `The first ${plural(lines.length, "line")}; there are more.` : `All ${plural(lines.length, "line")}.`),
    element("pre", { class: "sql lines", tabindex: 0, role: "region", "aria-label": "First lines of the object" }, lines.map((line) => element("code", {}, visible(line)))),
  ];
}
