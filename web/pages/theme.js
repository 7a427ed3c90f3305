// Before anything is painted: the light or dark that the reader chose last time.
import { apply, remembered } from "../lib/theme.js";

apply(remembered());
