// The map with its controls: run, arm, month, colour and intervention.
import { byId, element } from "./dom.js";
import { fidelityColour, NetworkMap } from "./map.js";
import { Player } from "./player.js";
import { RunData } from "./run_data.js";
import { BASELINE, SETTING } from "./state.js";

const LOAD_DELAY_MILLISECONDS = 120;
const MAX_CACHED_RUNS = 12;
const HINT = "Point at an organisation to see where its version came from. Click it, or press Enter, for its history.";

export class MapPanel {
  constructor(state, api, colours, { dialog, onError, onMonth, file }) {
    Object.assign(this, { state, api, colours, dialog, onError, onMonth });
    byId("run-choice").hidden = Boolean(file);
    this.cache = new Map();
    this.map = new NetworkMap(byId("map"), colours, {
      onSelect: (index) => this.openHistory(index),
      onHighlight: (index) => this.showCaption(index),
    });
    this.player = new Player((month, settled) => this.showMonth(month, settled));
    for (const name of ["arm", "colour"])
      for (const input of document.getElementsByName(name))
        input.addEventListener("change", () => this.state.show({ [name]: input.value }));
    byId("run-number").addEventListener("change", ({ target }) =>
      target.value && target.checkValidity() ? state.show({ world: Number(target.value) }) : target.reportValidity());
    byId("intervention").addEventListener("change", ({ target }) => state.show({ intervention: target.value }));
    state.listen((change) => this.update(change));
    this.update(SETTING);
  }

  get request() {
    const { view, arm, payload } = this.state;
    return { setting: payload, arm, replicate: view.world - 1, intervention: view.intervention };
  }

  update(change) {
    const { view, arm, unchanged, horizon } = this.state;
    view.month = Math.min(view.month, horizon);
    view.world = Math.min(view.world, this.state.runs);
    this.showChoices();
    if (!this.player.playing) {
      this.player.set(horizon, view.month);
      this.onMonth(view.month);
    }
    for (const input of document.getElementsByName("arm")) {
      input.checked = input.value === arm;
      input.disabled = unchanged && input.value !== BASELINE;
    }
    for (const input of document.getElementsByName("colour")) input.checked = input.value === view.colour;
    this.showLegend();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), change === SETTING && this.run ? LOAD_DELAY_MILLISECONDS : 0);
  }

  // Shows which run, and which of several interventions, is on the map.
  showChoices() {
    const { view, runs, parameters } = this.state;
    const [number, select] = [byId("run-number"), byId("intervention")];
    number.max = runs;
    if (document.activeElement !== number) number.value = view.world;
    byId("run-count").textContent = `of ${runs}`;
    byId("intervention-box").hidden = parameters.interventions.length < 2;
    if (this.shownParameters === parameters) return;
    this.shownParameters = parameters;
    select.replaceChildren(...parameters.interventions.map((name) => element("option", { value: name }, name)));
    select.value = view.intervention ?? parameters.interventions[0];
  }

  async load() {
    const request = this.request;
    const key = cacheKey(request);
    this.control?.abort();
    this.control = new AbortController();
    try {
      if (!this.cache.has(key)) this.store(key, new RunData(await this.api.world(request, this.control.signal)));
      this.run = this.cache.get(key);
      this.shownRequest = request;
      this.map.show(this.run, Math.min(this.player.month, this.run.months), this.state.view.colour);
      this.showLegend();
    } catch (error) {
      if (error.name !== "AbortError") this.onError(error);
    }
  }

  store(key, run) {
    this.cache.set(key, run);
    if (this.cache.size > MAX_CACHED_RUNS) this.cache.delete(this.cache.keys().next().value);
  }

  showMonth(month, settled) {
    this.onMonth(month);
    if (this.run) this.map.showMonth(Math.min(month, this.run.months), settled);
    if (settled) this.state.show({ month });
  }

  openHistory(index) {
    this.player.stop();
    this.dialog.show(this.shownRequest, this.run, index, this.map.month);
  }

  showCaption(index) {
    byId("caption").textContent = index === null ? HINT : `${this.map.describe(index)}.`;
  }

  showLegend() {
    const { fidelity, stage } = this.colours;
    const crowded = Boolean(this.run) && this.map.crowded;
    if (this.legendColour === this.state.view.colour && this.crowded === crowded) return;
    this.legendColour = this.state.view.colour;
    this.crowded = crowded;
    const entry = (colour, text, name = "") => {
      const dot = element("span", { class: `dot ${name}` });
      dot.style.background = colour;
      return element("span", {}, dot, text);
    };
    const strip = element("span", { class: "strip" });
    strip.style.background = `linear-gradient(to right, ${fidelity.map((_, index) => fidelityColour(index / (fidelity.length - 1), fidelity)).join(", ")})`;
    const parts = this.legendColour === "stage"
      ? Object.entries(stage).map(([name, colour]) => entry(colour, name, name))
      : [element("span", {}, "Fidelity: 0%", strip, "100%"), entry("#ffffff", "not using it"), entry("#ffffff", "discontinued", "discontinued")];
    parts.push(element("span", {}, "Larger circle: more cases. Ring: pilot site."));
    if (crowded) parts.push(element("span", {}, "Too many ties to draw."));
    byId("legend").replaceChildren(...parts);
  }
}

// The baseline is the same whatever the option changes.
function cacheKey(request) {
  if (request.arm !== BASELINE) return JSON.stringify(request);
  return JSON.stringify({ ...request, setting: { ...request.setting, alone: {}, policies: {} } });
}
