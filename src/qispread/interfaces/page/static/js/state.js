// The setting of this visitor: it lives here and in the address, and nowhere else.
import { decoded, encoded } from "./address.js";

export const BASE = "baseline";
export const WHAT_IF = "what-if";

export const emptySetting = () => ({ both: {}, alone: {}, policies: {} });
const firstView = (horizon) => ({ month: horizon, world: 1, arm: WHAT_IF, colour: "fidelity", intervention: null });

// What listeners are told has changed.
export const SETTING = "setting";
export const VIEW = "view";

export class State {
  constructor(parameters) {
    this.opened = parameters;
    this.parameters = parameters;
    this.uploaded = null;
    this.listeners = [];
    this.begin();
  }

  begin() {
    this.setting = emptySetting();
    this.view = firstView(this.horizon);
  }

  listen(act) {
    this.listeners.push(act);
  }

  tell(what) {
    for (const act of this.listeners) act(what, this);
    this.write();
  }

  // The setting as the server takes it.
  get asked() {
    return this.uploaded ? { ...this.setting, scenario: this.uploaded } : this.setting;
  }

  // How much is simulated, whether it was changed on the page or not.
  get horizon() {
    return this.setting.both.horizon ?? this.parameters.horizon;
  }

  get worlds() {
    return this.setting.both.replicates ?? this.parameters.worlds;
  }

  get organisations() {
    return this.setting.both["organisations.number"] ?? this.parameters.organisations;
  }

  get same() {
    return !Object.keys(this.setting.policies).length && !Object.keys(this.setting.alone).length;
  }

  get arm() {
    return this.same ? BASE : this.view.arm;
  }

  show(changes) {
    Object.assign(this.view, changes);
    this.tell(VIEW);
  }

  change(act) {
    act(this.setting);
    this.tell(SETTING);
  }

  reset() {
    this.begin();
    this.tell(SETTING);
  }

  // A whole scenario in place of the one so far; null for the one that the page opened with.
  use(scenario, parameters) {
    this.uploaded = scenario;
    this.parameters = parameters || this.opened;
    this.begin();
    this.tell(SETTING);
  }

  write() {
    const text = encoded(this);
    history.replaceState(null, "", text ? `#${text}` : location.pathname);
  }

  // Takes what the address says; returns what a visitor must be told about it.
  read() {
    const { setting, view, notes, scenario } = decoded(location.hash.slice(1), this);
    this.uploaded = scenario;
    this.setting = setting;
    this.view = { ...firstView(this.horizon), ...view };
    return notes;
  }
}
