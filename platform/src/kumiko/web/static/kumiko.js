// Kumiko in the browser. Plugins: import { define, toast, api, t, num, commands } from "kumiko".
import "./glue.js";
import "./keys.js";
import "./palette.js";
import "./list.js";
import "./lists.js";
import "./filters.js";
import "./widgets.js";
import "./boards.js";
import "./charts.js";
import "./drafts.js";
import "./notices.js";
import "./arrange.js";
import "./rules.js";

export { api, commands, define, num, on, t, toast } from "./core.js";
export { load, openDialog, reloadList, send } from "./glue.js";

document.documentElement.dataset.ready = "";
