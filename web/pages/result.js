// The worksheets as a person types them, and any other mart.
import { choice, choices, choose } from "../lib/address.js";
import { csv, download } from "../lib/csv.js";
import { runScript } from "../lib/data.js";
import { byId, element, freshId } from "../lib/dom.js";
import { number, plural, visible } from "../lib/format.js";
import { failedPanel, note, show } from "../lib/frame.js";
import { panel } from "../lib/panel.js";

const WORKSHEETS = ["TOP_SONGS", "USER_ENGAGEMENT"];
let library;

/** The grid's script and style sheet, asked for once. */
function loadLibrary() {
  const sheet = element("link", { rel: "stylesheet", href: "grid.css" });
  const styled = new Promise((resolve) => sheet.addEventListener("load", resolve, { once: true }));
  document.head.append(sheet);
  return Promise.all([runScript("grid.js"), styled]);
}

show(async (publication, content) => {
  for (const name of WORKSHEETS) content.append(worksheet(publication, name));
  const others = publication.snapshot.marts.filter((mart) => !WORKSHEETS.includes(mart.name.toUpperCase()));
  if (others.length) content.append(anyMart(publication, others));
});

/** A worksheet: its panel at once, its rows when they are there. */
function worksheet(publication, name, { id = name.toLowerCase() } = {}) {
  const body = element("div", { class: "sheet", dataset: { sheet: name } }, element("p", { class: "loading" }, "Loading rows …"));
  const head = publication.head(name);
  const definition = head?.description ? [head.description] : [];
  const made = panel({ heading: `MART.${visible(name)}`, definition, asOf: publication.snapshot.taken_at, wide: true, id: `sheet-${id}` }, body);
  if (head) fill(body, publication, head.name).catch((error) => body.replaceChildren(failedPanel(error)));
  else body.replaceChildren(note("open", `This publication has no mart ${name}. For one that has it run: spotify-pipeline transform`));
  return made;
}

async function fill(body, publication, name) {
  const [mart] = await Promise.all([publication.mart(name), (library ??= loadLibrary())]);
  const view = { rows: mart.rows, grid: null };
  const place = element("div", { class: "grid", dataset: { mart: mart.name } });
  const count = element("p", { class: "count", role: "status", dataset: { total: mart.rows_total, included: mart.rows_included } });
  const clear = element("button", { type: "button", hidden: true, on: { click: () => view.grid.clear() } }, "Clear filters and order");
  const save = element(
    "button",
    {
      type: "button",
      dataset: { csv: mart.name },
      on: { click: () => download(fileName(publication, mart), csv(mart.columns.map((column) => column.name), view.rows)) },
    },
    "Download CSV",
  );
  const prefix = `${mart.name}.`;
  const { "": sortText, ...filters } = Object.fromEntries(
    Object.entries(choices(prefix)).map(([key, value]) => [key === "order" ? "" : key.replace(/^where\./, ""), value]),
  );
  body.replaceChildren(
    sqlText(mart.sql),
    element("div", { class: "bar" }, count, element("div", { class: "buttons" }, clear, save)),
    place,
    definitions(mart),
  );
  view.grid = window.sdpGrid(place, mart, {
    filters,
    sort: readOrder(sortText),
    onChange: ({ filters: typed, sort }) => {
      const changes = {};
      if (typed) for (const [column, text] of Object.entries(typed)) changes[`${prefix}where.${column}`] = text;
      if (sort !== undefined) changes[`${prefix}order`] = sort ? `${sort.column}:${sort.dir}` : "";
      choose(changes);
      clear.hidden = Object.keys(choices(prefix)).length === 0;
    },
    onRows: (rows) => {
      view.rows = rows;
      count.replaceChildren(...counted(rows.length, mart));
      clear.hidden = Object.keys(choices(prefix)).length === 0;
    },
  });
  return view;
}

function readOrder(text) {
  const parts = /^(.*):(asc|desc)$/.exec(text ?? "");
  return parts ? { column: parts[1], dir: parts[2] } : null;
}

/** What is typed to see these rows; its words are only coloured. */
function sqlText(sql) {
  const words = /\b(SELECT|FROM|WHERE|ORDER BY|GROUP BY|LIMIT|DESC|ASC)\b/gi;
  const parts = [];
  let at = 0;
  for (const word of sql.matchAll(words)) {
    parts.push(sql.slice(at, word.index), element("span", { class: "word" }, word[0]));
    at = word.index + word[0].length;
  }
  return element("pre", { class: "sql", tabindex: 0, "aria-label": "SQL of this worksheet" }, element("code", {}, parts, sql.slice(at)));
}

function counted(shown, mart) {
  const rows =
    mart.rows_included === mart.rows_total ? plural(mart.rows_total, "row") : `${number(mart.rows_included)} of ${plural(mart.rows_total, "row")}`;
  const parts = [element("strong", { dataset: { rows: shown } }, shown === mart.rows_included ? rows : `${number(shown)} of ${rows}`)];
  parts.push(element("span", { title: "How long the warehouse took for this query." }, ` · ${number(Math.round(mart.query_ms))} ms`));
  if (mart.rows_included < mart.rows_total) parts.push(element("span", {}, ` · the first by ${visible(mart.order_by)}; profiles are of all rows`));
  if (mart.cells_cut > 0) parts.push(element("span", {}, ` · ${number(mart.cells_cut)} long cells are cut`));
  return parts;
}

function definitions(mart) {
  return element(
    "details",
    { class: "definitions" },
    element("summary", {}, "What the columns mean"),
    element(
      "dl",
      {},
      mart.columns.map((column) => [
        element("dt", {}, visible(column.name), element("span", { class: "soft" }, ` ${visible(column.type)}`)),
        element("dd", {}, column.description ?? "No description."),
      ]),
    ),
  );
}

function fileName(publication, mart) {
  return `${mart.name.toLowerCase().replace(/[^a-z0-9_]/g, "-")}-${publication.snapshot.id}.csv`;
}

/** The third worksheet: a select, and below it the mart that is chosen. */
function anyMart(publication, marts) {
  const id = freshId("mart");
  const known = marts.some((mart) => mart.name === choice("mart"));
  const select = element(
    "select",
    { id, dataset: { choose: "mart" } },
    marts.map((mart) => element("option", { value: mart.name, selected: known && mart.name === choice("mart") }, `MART.${visible(mart.name)}`)),
  );
  const place = element("div", {});
  const draw = () => place.replaceChildren(worksheet(publication, select.value, { id: "other" }));
  select.addEventListener("change", () => {
    choose({ mart: select.value });
    draw();
    byId("sheet-other").scrollIntoView({ block: "nearest" });
  });
  draw();
  return element("div", { class: "other" }, element("label", { class: "choose", for: id }, element("span", {}, "Another mart"), select), place);
}
