// The page: what a visitor changes is asked about, and the answer is shown.
import { Asking } from "./asking.js";
import { Assumptions } from "./assumptions.js";
import { Explore } from "./explore.js";
import { Files } from "./files.js";
import { isLesson, openLessons } from "./lessons.js";
import { Levers } from "./levers.js";
import { Result } from "./result.js";
import { faultText, server } from "./server.js";
import { SETTING, State } from "./state.js";
import { Story } from "./story.js";
import { element, extent, find, several } from "./words.js";

const start = JSON.parse(find("start").textContent);
const state = new State(start.parameters);

// What the address had to be told about stays until something is changed.
let notes = [];

function notice(lines) {
  const box = find("notice");
  box.hidden = !lines.length;
  box.replaceChildren(...lines.slice(0, 12).map((line) => element("p", {}, line)));
}

const failed = (error) => {
  result.busy(false);
  find("doing").textContent = "";
  notice(error.faults ? error.faults.map(faultText) : [`Something went wrong in the page: ${error.message}`]);
};

function introduce() {
  const { worlds, organisations, horizon, parameters } = state;
  find("extent").textContent = `${several(worlds, "simulated world")} of ${several(organisations, "organisation")} and ${extent(horizon)} (${parameters.name})`;
}

const result = new Result();
const asking = new Asking(server.compare, {
  part: (part) => {
    if (part.worlds) notice(notes);
    result.show(part);
  },
  failed,
});

function ask() {
  introduce();
  result.waiting();
  asking.put(structuredClone(state.asked));
}

function follow(what) {
  if (what !== SETTING) return;
  notes = [];
  ask();
}

async function begin() {
  find("way-explore").setAttribute("aria-current", "page");
  notes = state.read();
  if (state.uploaded)
    try {
      state.parameters = await server.parameters({ scenario: state.uploaded });
    } catch (error) {
      state.use(null, null);
      notes.push("The scenario in the address cannot be used; the page shows its own.", ...(error.faults ?? []).map(faultText));
    }
  const story = new Story(server, failed);
  new Levers(state, start.file);
  new Assumptions(state, start.file);
  const explore = new Explore(state, server, start.colours, { story, failed, told: (month) => result.at(month), file: start.file });
  new Files(state, server, explore.map, start.file);
  state.listen(follow);
  ask();
  notice(notes);
}

find("reset").addEventListener("click", () => {
  notice([]);
  state.reset();
  find("copied").textContent = "Everything is as it was.";
});
find("copy").addEventListener("click", async () => {
  state.write();
  try {
    await navigator.clipboard.writeText(location.href);
    find("copied").textContent = "The address is copied: it holds all that you have changed.";
  } catch {
    find("copied").textContent = "Copy it from the browser's address field: it holds all that you have changed.";
  }
});
addEventListener("hashchange", () => location.reload());
if (isLesson(location.hash) || start.file?.only) openLessons(start, server, failed);
else begin();
