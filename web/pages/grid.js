// A script of its own, which comes after the page is seen: the grid's library is larger than all the rest.
import { grid } from "../lib/grid.js";

window.sdpGrid = grid;
