// The state of this visitor's page, which is stored only here and in the URL.
import { decodeState, encodeState, OPTION } from "./url_state.js";

export const BASELINE = "baseline";

export const emptySetting = () => ({ both: {}, alone: {}, policies: {} });
const initialView = (horizon) => ({ month: horizon, world: 1, arm: OPTION, colour: "fidelity", intervention: null });

// Kinds of change that listeners receive.
export const SETTING = "setting";
export const VIEW = "view";

export class State {
  constructor(parameters) {
    this.opened = parameters;
    this.parameters = parameters;
    this.uploaded = null;
    this.listeners = [];
    this.clear();
  }

  clear() {
    this.setting = emptySetting();
    this.view = initialView(this.horizon);
  }

  listen(listener) {
    this.listeners.push(listener);
  }

  notify(change) {
    for (const listener of this.listeners) listener(change, this);
    this.writeUrl();
  }

  // The page state in the form of the API.
  get payload() {
    return this.uploaded ? { ...this.setting, scenario: this.uploaded } : this.setting;
  }

  // Size of the simulation, with changes made on the page.
  get horizon() {
    return this.setting.both.horizon ?? this.parameters.horizon;
  }

  get runs() {
    return this.setting.both.replicates ?? this.parameters.replicates;
  }

  get organisations() {
    return this.setting.both["organisations.number"] ?? this.parameters.organisations;
  }

  get unchanged() {
    return !Object.keys(this.setting.policies).length && !Object.keys(this.setting.alone).length;
  }

  get arm() {
    return this.unchanged ? BASELINE : this.view.arm;
  }

  show(changes) {
    Object.assign(this.view, changes);
    this.notify(VIEW);
  }

  change(update) {
    update(this.setting);
    this.notify(SETTING);
  }

  reset() {
    this.clear();
    this.notify(SETTING);
  }

  // Replaces the scenario; null restores the start scenario.
  use(scenario, parameters) {
    this.uploaded = scenario;
    this.parameters = parameters || this.opened;
    this.clear();
    this.notify(SETTING);
  }

  writeUrl() {
    const text = encodeState(this);
    history.replaceState(null, "", text ? `#${text}` : location.pathname);
  }

  // Restores the state from the URL, and returns notes on parts that could not be restored.
  readUrl() {
    const { setting, view, notes, scenario } = decodeState(location.hash.slice(1), this);
    this.uploaded = scenario;
    this.setting = setting;
    this.view = { ...initialView(this.horizon), ...view };
    return notes;
  }
}
