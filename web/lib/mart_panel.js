// Panels that show marts: what columns mean, charts with their tables, and marts that a publication does not have.
import { runScript } from "./data.js";
import { element } from "./dom.js";
import { failedPanel, note } from "./frame.js";
import { panel } from "./panel.js";
import { table } from "./table.js";

/** The library of charts. What was drawn so far is on the screen before a large script is read. */
export function chartLibrary() {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))).then(() => runScript("charts.js"));
}

/** What the project says of columns, a line each. */
export function columnMeaning(mart, ...names) {
  if (!mart) return [];
  return names
    .map((name) => mart.columns.find((column) => column.name.toLowerCase() === name))
    .filter((column) => column?.description)
    .map((column) => `${column.name.toLowerCase()}: ${column.description}`);
}

export function missing(name, heading, options = {}) {
  return panel(
    { heading, ...options },
    note("open", `This publication has no mart ${name}: it was made before that mart existed. For a newer one run: spotify-pipeline transform`),
  );
}

/** A chart below its label, which says what its axes count, with the same numbers as a table, which a button shows in its place. */
export function chartBody(view, { label, option, height = "", rows, columns, name }) {
  const chart = element("div", { class: `chart ${height}`, role: "img", "aria-label": label, dataset: { chart: name } });
  // The chart itself says it to those who do not see it.
  const title = element("p", { class: "chart-label", "aria-hidden": "true" }, label);
  const numbers = element("div", { hidden: true }, table({ caption: label, columns, rows, name }));
  const toggle = element(
    "button",
    {
      type: "button",
      class: "quiet",
      "aria-pressed": "false",
      on: {
        click: () => {
          numbers.hidden = !numbers.hidden;
          chart.hidden = !numbers.hidden;
          title.hidden = chart.hidden;
          toggle.setAttribute("aria-pressed", String(!numbers.hidden));
        },
      },
    },
    "Show as table",
  );
  view.library.then(
    () => window.sdpCharts.draw(chart, window.sdpCharts[option.kind](option)),
    (error) => chart.replaceChildren(failedPanel(error)),
  );
  return [title, chart, numbers, element("p", { class: "under" }, toggle)];
}
