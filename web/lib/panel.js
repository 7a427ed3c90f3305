// A panel: a heading, what it means, as of when, and a body.
import { element, freshId } from "./dom.js";
import { timeToTheSecond } from "./format.js";

/**
 * `definition`: what is counted, shown on demand. `asOf`: a time, or null for one that the page's head has said. `part`: what of
 * the mart is shown when it is not all of it.
 */
export function panel({ heading, definition = [], asOf, part = "", level = 2, wide = false, id = freshId("panel") }, ...body) {
  const title = element(`h${level}`, { id: `${id}-heading` }, heading);
  return element(
    "section",
    { class: wide ? "panel wide-panel" : "panel", id, "aria-labelledby": `${id}-heading` },
    element("div", { class: "panel-head" }, title, definition.length ? meaning(heading, definition) : null),
    asOf ? element("p", { class: "as-of" }, "as of ", element("time", { datetime: asOf }, timeToTheSecond(asOf))) : null,
    part ? element("p", { class: "as-of part" }, part) : null,
    body,
  );
}

/** A "?" that opens what is meant by something. */
export function meaning(what, lines) {
  return element(
    "details",
    { class: "meaning" },
    element("summary", { "aria-label": `What is ${what}?`, title: [lines].flat().join("\n") }, "?"),
    element("div", {}, [lines].flat().map((line) => element("p", {}, line))),
  );
}

/** Big numbers: {label, value, raw, definition}. */
export function figures(items, more = "") {
  return element(
    "dl",
    { class: `figures ${more}` },
    items.map(({ label, value, raw, definition, mood = "", kind = "" }) =>
      element(
        "div",
        { class: mood },
        element("dt", {}, element("span", {}, label), definition ? meaning(label, definition) : null),
        element("dd", { class: kind, dataset: raw === undefined ? {} : { value: raw } }, value),
      ),
    ),
  );
}
