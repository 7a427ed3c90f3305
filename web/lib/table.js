// A plain table with a caption. Columns: {label, key or text(row), kind, raw(row)}; text is text or an element.
import { element, patch } from "./dom.js";
import { compare } from "./filter.js";
import { bounded, number } from "./format.js";

export function table({ caption, columns, rows, hideCaption = false, name = null, tall = true }) {
  const made = element(
    "table",
    { dataset: name ? { mart: name } : {} },
    element("caption", { class: hideCaption ? "hidden" : null }, caption),
    element("thead", {}, element("tr", {}, columns.map((one) => element("th", { scope: "col", class: one.kind ?? null }, one.label)))),
    body(columns, rows),
  );
  return element("div", { class: tall ? "scroll" : "scroll whole", tabindex: 0, role: "region", "aria-label": caption }, made);
}

function body(columns, rows) {
  return element("tbody", {}, rows.map((row) => tableRow(columns, row)));
}

export function tableRow(columns, row) {
  return element("tr", { class: row.mood ?? null, dataset: row.dataset }, columns.map((one) => cell(one, row)));
}

/** New rows for a table of such columns; what is the same stays. */
export function updateRows(made, columns, rows) {
  patch(made.querySelector("tbody"), body(columns, rows));
}

/**
 * A table that is sorted by a press on the name of a column: of columns that have `by(row)`, a text, a number or null. `order`: {column,
 * dir} or null, by the column's label; `onOrder` hears of what is chosen.
 */
export function sortableTable({ columns, rows, order = null, onOrder, ...rest }) {
  let chosen = order;
  const press = (label) => {
    const dir = chosen?.column !== label ? "asc" : chosen.dir === "asc" ? "desc" : null;
    chosen = dir ? { column: label, dir } : null;
    onOrder(chosen);
    sort();
  };
  const heads = columns.map((one) => ({ ...one, label: one.by ? sortButton(one.label, press) : one.label }));
  const made = table({ columns: heads, rows: [], ...rest });
  const sort = () => {
    const column = columns.find((one) => one.by && one.label === chosen?.column);
    made.querySelectorAll("th").forEach((head, at) => {
      if (columns[at] === column) head.setAttribute("aria-sort", chosen.dir === "desc" ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    made.querySelector("tbody").replaceWith(body(columns, column ? sorted(rows, column, chosen.dir === "desc" ? -1 : 1) : rows));
  };
  sort();
  return made;
}

function sortButton(label, press) {
  return element("button", { type: "button", class: "column-name", dataset: { sort: label }, on: { click: () => press(label) } }, label);
}

function sorted(rows, { by, kind }, sign) {
  return [...rows].sort((one, other) => {
    const [left, right] = [by(one), by(other)];
    if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1;
    return sign * compare(left, right, kind);
  });
}

function cell(column, row) {
  const value = column.text ? column.text(row) : row[column.key];
  if (value instanceof Node) return element("td", { class: column.kind ?? null }, value);
  if (value === null || value === undefined) return element("td", { class: `${column.kind ?? ""} none` }, "–");
  if (column.kind === "number") return element("td", { class: "number", dataset: { value } }, number(value));
  const text = bounded(String(value), column.most ?? 160);
  return element("td", { class: column.kind ?? null, title: text.endsWith("…") ? String(value) : null }, text);
}
