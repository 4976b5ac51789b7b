// The page: sends each change to the server and shows the result.
import { api, faultText } from "./api_client.js";
import { Assumptions } from "./assumptions.js";
import { byId, element } from "./dom.js";
import { Files } from "./files.js";
import { LatestRequest } from "./latest_request.js";
import { isLesson, openLessons } from "./lessons.js";
import { MapPanel } from "./map_panel.js";
import { OrganisationDialog } from "./organisation_dialog.js";
import { PolicyControls } from "./policy_controls.js";
import { ResultPanel } from "./result_panel.js";
import { SETTING, State } from "./state.js";
import { durationLabel, plural } from "./text_format.js";

const start = JSON.parse(byId("start").textContent);
const state = new State(start.parameters);

// Notes on the URL stay visible until something is changed.
let notes = [];

function showNotice(lines) {
  const box = byId("notice");
  box.hidden = !lines.length;
  box.replaceChildren(...lines.slice(0, 12).map((line) => element("p", {}, line)));
}

const onError = (error) => {
  result.setBusy(false);
  byId("progress-text").textContent = "";
  showNotice(error.faults ? error.faults.map(faultText) : [`Error in the page: ${error.message}`]);
};

function showExtent() {
  const { runs, organisations, horizon, parameters } = state;
  byId("extent").textContent = `${plural(runs, "simulation")} of ${plural(organisations, "organisation")} and ${durationLabel(horizon)} (${parameters.name})`;
}

const result = new ResultPanel();
const comparison = new LatestRequest(api.compare, {
  onMessage: (message) => {
    if (message.runs) showNotice(notes);
    result.show(message);
  },
  onError,
});

function requestComparison() {
  showExtent();
  result.wait();
  comparison.request(structuredClone(state.payload));
}

function onChange(change) {
  if (change !== SETTING) return;
  notes = [];
  requestComparison();
}

async function openExplore() {
  byId("view-explore").setAttribute("aria-current", "page");
  notes = state.readUrl();
  if (state.uploaded)
    try {
      state.parameters = await api.parameters({ scenario: state.uploaded });
    } catch (error) {
      state.use(null, null);
      notes.push("The scenario in the address is invalid, so the page shows its own.", ...(error.faults ?? []).map(faultText));
    }
  const dialog = new OrganisationDialog(api);
  new PolicyControls(state, start.file);
  new Assumptions(state, start.file);
  const panel = new MapPanel(state, api, start.colours, { dialog, onError, onMonth: (month) => result.showMonth(month), file: start.file });
  new Files(state, api, panel.map, start.file);
  state.listen(onChange);
  requestComparison();
  showNotice(notes);
}

byId("reset").addEventListener("click", () => {
  showNotice([]);
  state.reset();
  byId("copy-status").textContent = "All changes are reset.";
});
byId("copy").addEventListener("click", async () => {
  state.writeUrl();
  try {
    await navigator.clipboard.writeText(location.href);
    byId("copy-status").textContent = "Link copied. It contains all your changes.";
  } catch {
    byId("copy-status").textContent = "Copy the address from the browser's address bar. It contains all your changes.";
  }
});
addEventListener("hashchange", () => location.reload());
if (isLesson(location.hash) || start.file?.only) openLessons(start, api, onError);
else openExplore();
