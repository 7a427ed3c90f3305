// The grid of a mart: only the rows in sight are in the page, so that 10,000 scroll as ten do.
import { FormatModule, InteractionModule, ResizeTableModule, SortModule, FilterModule, Tabulator } from "tabulator-tables";
import { element } from "./dom.js";
import { cellText, shownKind, visible } from "./format.js";
import { compare, condition } from "./filter.js";
import { profile } from "./profile.js";

Tabulator.registerModule([FormatModule, InteractionModule, ResizeTableModule, SortModule, FilterModule]);

const ROW_HEIGHT = 30;
const ROWS_IN_SIGHT = 14;
const HEADER_HEIGHT = 128;
const LEAST_WIDTH = { text: 138, number: 112, time: 184, date: 112, boolean: 112 };
const NAME_MARGIN = 46;
const NAME_CHARACTER = 8.2;

function shownCell(value, kind) {
  const text = cellText(value, kind);
  const special = value === null || value === "";
  const cut = kind === "text" && text.endsWith("…") && text !== value;
  return element(
    "bdi",
    { class: special ? "none" : null, title: cut ? visible(String(value)) : null, dataset: value === null ? { null: "" } : { value } },
    text,
  );
}

/**
 * Fills `place` with the grid of `mart`. `filters` and `sort` ({column, dir}) are what the reader chose before; `onChange` hears of
 * what is chosen now, `onRows` of the rows that are shown.
 */
export function grid(place, mart, { filters = {}, sort = null, onChange, onRows }) {
  const kinds = mart.columns.map((column) => column.kind);
  const typed = Object.fromEntries(mart.columns.map((column) => [column.name, filters[column.name] ?? ""]));
  const data = mart.rows.map((cells) => Object.fromEntries(cells.map((cell, at) => [`c${at}`, cell])));
  const sortAt = sort ? mart.columns.findIndex((column) => column.name === sort.column) : -1;

  const conditions = () => mart.columns.map((column, at) => [`c${at}`, condition(typed[column.name], kinds[at])]).filter(([, test]) => test);
  const passes = (row, tests) => tests.every(([field, test]) => test(row[field]));
  const tellRows = () => onRows(table.getData("active").map((row) => mart.columns.map((_, at) => row[`c${at}`])));
  const applyFilters = () => {
    const tests = conditions();
    if (tests.length) table.setFilter(passes, tests);
    else table.clearFilter();
  };

  const table = new Tabulator(place, {
    data,
    columns: mart.columns.map((column, at) => definition(column, at)),
    layout: "fitColumns",
    // A height that is known from the start: nothing jumps, and few rows take little room.
    height: HEADER_HEIGHT + ROW_HEIGHT * Math.min(ROWS_IN_SIGHT, Math.max(1, data.length)) + 2,
    rowHeight: ROW_HEIGHT,
    nestedFieldSeparator: false,
    columnDefaults: { headerSort: true, headerSortTristate: true },
    sortMode: "local",
    initialSort: sortAt < 0 ? [] : [{ column: `c${sortAt}`, dir: sort.dir === "desc" ? "desc" : "asc" }],
    placeholder: data.length ? "No row matches the filters." : "This mart has no rows.",
  });

  function definition(column, at) {
    const kind = kinds[at];
    return {
      title: column.name,
      field: `c${at}`,
      hozAlign: kind === "number" ? "right" : "left",
      headerHozAlign: "left",
      minWidth: Math.max(LEAST_WIDTH[kind] ?? LEAST_WIDTH.text, NAME_MARGIN + NAME_CHARACTER * Math.min(column.name.length, 24)),
      cssClass: `kind-${kind}`,
      formatter: (cell) => shownCell(cell.getValue(), shownKind(column)),
      titleFormatter: () => header(column),
      sorter: (one, other, _one, _other, _column, direction) => {
        if (one === null || other === null) return one === other ? 0 : (one === null) === (direction === "asc") ? 1 : -1;
        return compare(one, other, kind);
      },
    };
  }

  function header(column) {
    const input = element("input", {
      type: "text",
      value: typed[column.name],
      placeholder: "filter",
      spellcheck: "false",
      autocomplete: "off",
      "aria-label": `Filter ${column.name}`,
      title: column.kind === "text" || column.kind === "boolean" ? "A part of the text, or NULL" : "A value, >=10, <5, 10..20, or NULL",
      dataset: { filter: column.name },
      on: {
        input: () => {
          typed[column.name] = input.value;
          applyFilters();
          onChange({ filters: typed });
        },
        // The header sorts when it is clicked.
        click: (event) => event.stopPropagation(),
        keydown: (event) => event.stopPropagation(),
      },
    });
    return element(
      "div",
      { class: "column-head" },
      element("button", { type: "button", class: "column-name", title: column.description, dataset: { sort: column.name } }, visible(column.name)),
      profile(column, mart.rows_total),
      input,
    );
  }

  const numberRows = () => {
    for (const row of table.getRows("visible")) row.getElement().setAttribute("aria-rowindex", String(Number(row.getPosition()) + 1));
  };
  table.on("renderComplete", numberRows);
  table.on("scrollVertical", () => requestAnimationFrame(numberRows));
  table.on("tableBuilt", () => {
    describe(place, mart);
    applyFilters();
    tellRows();
  });
  table.on("dataFiltered", () => queueMicrotask(tellRows));
  table.on("dataSorted", (sorters) => {
    const [first] = sorters;
    onChange({ sort: first ? { column: mart.columns[Number(first.field.slice(1))].name, dir: first.dir } : null });
    queueMicrotask(tellRows);
  });

  return {
    clear() {
      for (const input of place.querySelectorAll("input[data-filter]")) input.value = "";
      for (const name of Object.keys(typed)) typed[name] = "";
      applyFilters();
      table.clearSort();
      onChange({ filters: typed, sort: null });
    },
    destroy: () => table.destroy(),
  };
}

/**
 * What Tabulator leaves to its user: the name of the grid, how many rows there are besides those in the page, and that what
 * scrolls, which the keyboard reaches, is the rows' group.
 */
function describe(place, mart) {
  const holder = place.querySelector(".tabulator-tableholder");
  holder.setAttribute("role", "rowgroup");
  holder.setAttribute("aria-label", `Rows of ${mart.name}`);
  holder.querySelector(".tabulator-table").setAttribute("role", "none");
  place.removeAttribute("aria-owns");
  place.setAttribute("aria-label", `Rows of ${mart.name}`);
  place.setAttribute("aria-rowcount", String(mart.rows.length + 1));
  place.setAttribute("aria-colcount", String(mart.columns.length));
}
