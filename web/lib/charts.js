// Charts by ECharts as SVG: their texts are texts of the page. Each takes numbers and names, and knows nothing of marts.
import { BarChart, HeatmapChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { bounded, number } from "./format.js";
import { colours, onChange } from "./theme.js";

use([BarChart, HeatmapChart, LineChart, GridComponent, LegendComponent, TooltipComponent, VisualMapComponent, SVGRenderer]);

const NAMES = ["ink", "soft", "line", "paper", "c0", "c1", "c2", "c3", "c4", "heat0", "heat1", "heat2", "heat3"];
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';

/** Draws `option(colours)` into `place`; again when the theme or the width changes. */
export function draw(place, option) {
  const chart = init(place, null, { renderer: "svg" });
  const redraw = () => chart.setOption(option(colours(...NAMES)), { notMerge: true });
  redraw();
  onChange(redraw);
  new ResizeObserver(() => chart.resize()).observe(place);
  return { redraw };
}

/** In a tooltip {name|text} would choose a style: the joiner behind the brace keeps it a text. */
function literal(text) {
  return bounded(String(text), 60).replaceAll("{", "{\u2060");
}

function base(colour) {
  return {
    animation: false,
    textStyle: { fontFamily: FONT, color: colour.ink },
    grid: { left: 8, right: 16, top: 36, bottom: 8, containLabel: true },
    tooltip: {
      renderMode: "richText",
      confine: true,
      backgroundColor: colour.paper,
      borderColor: colour.line,
      textStyle: { color: colour.ink, fontSize: 12, fontFamily: FONT },
    },
  };
}

function legend(colour) {
  return { top: 0, left: 0, itemWidth: 14, itemHeight: 10, textStyle: { color: colour.soft, fontSize: 12 }, icon: "roundRect" };
}

function nameAxis(colour, names, more = {}) {
  return {
    type: "category",
    data: names,
    axisLine: { lineStyle: { color: colour.line } },
    axisTick: { show: false },
    axisLabel: { color: colour.soft, fontSize: 11, formatter: (text) => bounded(text, 24), hideOverlap: true },
    ...more,
  };
}

/** `whole`: it counts, so its marks are whole numbers. */
function amountAxis(colour, { whole = true, ...more } = {}) {
  return {
    type: "value",
    minInterval: whole ? 1 : undefined,
    splitLine: { lineStyle: { color: colour.line } },
    axisLabel: { color: colour.soft, fontSize: 11, formatter: short, hideOverlap: true },
    ...more,
  };
}

/** 12k, 3.4M: for axes only. */
function short(value) {
  const size = Math.abs(value);
  if (size >= 1e9) return `${+(value / 1e9).toFixed(1)}B`;
  if (size >= 1e6) return `${+(value / 1e6).toFixed(1)}M`;
  if (size >= 1e4) return `${+(value / 1e3).toFixed(1)}k`;
  return Number.isInteger(value) ? number(value) : `${+value.toFixed(3)}`;
}

function tooltipOfAxis(show) {
  return {
    trigger: "axis",
    axisPointer: { type: "shadow" },
    formatter: (items) => [literal(items[0].name), ...items.map((item) => `${item.marker ?? ""}${literal(item.seriesName)}: ${show(item.value)}`)].join("\n"),
  };
}

/** Lines over names in order, such as days. series: {name, values}. */
export function lines({ names, series, show = number }) {
  return (colour) => ({
    ...base(colour),
    legend: legend(colour),
    tooltip: { ...base(colour).tooltip, ...tooltipOfAxis(show), axisPointer: { type: "line", lineStyle: { color: colour.soft } } },
    xAxis: nameAxis(colour, names, { boundaryGap: names.length === 1 }),
    yAxis: amountAxis(colour, { min: 0 }),
    series: series.map((one, at) => ({
      type: "line",
      name: one.name,
      data: one.values,
      // One day is a point.
      showSymbol: names.length < 40,
      symbol: "circle",
      symbolSize: 5,
      lineStyle: { width: 2, color: colour[`c${at}`] },
      itemStyle: { color: colour[`c${at}`] },
      areaStyle: at === 0 ? { color: colour.c0, opacity: 0.12 } : undefined,
    })),
  });
}

/** Columns over names in order. */
export function columns({ names, name, values, show = number }) {
  return (colour) => ({
    ...base(colour),
    grid: { ...base(colour).grid, top: 12 },
    tooltip: { ...base(colour).tooltip, ...tooltipOfAxis(show) },
    xAxis: nameAxis(colour, names),
    yAxis: amountAxis(colour, { whole: show === number, min: 0, axisLabel: { color: colour.soft, fontSize: 11, formatter: (value) => (show === number ? short(value) : show(value)) } }),
    series: [{ type: "bar", name, data: values, itemStyle: { color: colour.c0, borderRadius: [2, 2, 0, 0] }, barCategoryGap: "18%" }],
  });
}

/** Bars from left to right, a part for each series; the first name on top. */
export function stacked({ names, series }) {
  return (colour) => ({
    ...base(colour),
    legend: legend(colour),
    tooltip: { ...base(colour).tooltip, ...tooltipOfAxis(number) },
    xAxis: amountAxis(colour),
    yAxis: nameAxis(colour, names, { inverse: true, axisLabel: { color: colour.ink, fontSize: 12, formatter: (text) => bounded(text, 12) } }),
    series: series.map((one, at) => ({
      type: "bar",
      stack: "all",
      name: one.name,
      data: one.values,
      barMaxWidth: 22,
      itemStyle: { color: colour[`c${at % 5}`] },
    })),
  });
}

/** Cells [x, y, amount] over names of columns and rows; the first row on top. */
export function heat({ x, y, cells, name }) {
  const most = Math.max(...cells.map((cell) => cell[2]), 1);
  return (colour) => ({
    ...base(colour),
    grid: { left: 8, right: 8, top: 8, bottom: 44, containLabel: true },
    tooltip: { ...base(colour).tooltip, formatter: ({ value }) => `${literal(y[value[1]])}, ${literal(x[value[0]])}\n${literal(name)}: ${number(value[2])}` },
    xAxis: nameAxis(colour, x, { splitArea: { show: false } }),
    yAxis: nameAxis(colour, y, { inverse: true }),
    visualMap: {
      min: 0,
      max: most,
      orient: "horizontal",
      left: "center",
      bottom: 0,
      itemWidth: 10,
      itemHeight: 140,
      text: [number(most), "0"],
      textStyle: { color: colour.soft, fontSize: 11 },
      inRange: { color: [colour.heat0, colour.heat1, colour.heat2, colour.heat3] },
    },
    series: [{ type: "heatmap", name, data: cells, itemStyle: { borderColor: colour.paper, borderWidth: 1.5, borderRadius: 2 }, progressive: 0 }],
  });
}
