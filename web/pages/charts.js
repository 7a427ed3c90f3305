// A script of its own, which comes after the page is seen: the charts' library is larger than all the rest.
import * as charts from "../lib/charts.js";

window.sdpCharts = charts;
