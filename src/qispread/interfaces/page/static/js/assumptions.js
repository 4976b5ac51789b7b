// What the model assumes: every number in groups, with what it means, where it comes from and how well it is known.
import { choice, numberControl } from "./controls.js";
import { SETTING } from "./state.js";
import { element, find, freshName, withUnit } from "./words.js";

const KNOWN = {
  measured: "measured",
  derived: "derived from measures",
  assumption: "assumed",
  hypothesis: "a hypothesis: no data, and results hinge on it",
  choice: "yours to choose",
};

export class Assumptions {
  constructor(state, file) {
    Object.assign(this, { state, file });
    this.details = find("assumptions");
    this.inside = this.details.querySelector("div");
    this.numbers = new Map();
    this.details.addEventListener("toggle", () => this.details.open && this.draw());
    state.listen((what) => what === SETTING && this.follow());
  }

  draw() {
    if (this.drawnFor === this.state.parameters) return;
    this.drawnFor = this.state.parameters;
    this.numbers.clear();
    const lead = element("p", { class: "small" }, this.file ? "In the page of qispread app each of these can be changed." :
      "A change is of the what-if alone, unless you say that it is of the base too. What the two must share to be compared, such as the places, changes in both.");
    const groups = this.state.parameters.groups.map((group) => this.group(group));
    this.inside.replaceChildren(lead, ...groups);
    this.follow();
  }

  group(group) {
    const all = element("div", { class: "all" });
    const box = element("details", { class: "group" }, element("summary", {}, `${group.title} (${group.numbers.length})`), all);
    box.addEventListener("toggle", () => {
      if (box.open && !all.childElementCount) this.fill(group, all);
    });
    return box;
  }

  fill(group, all) {
    if (!this.file && group.name === "network" && this.state.parameters.networks.kinds.length) all.append(this.network());
    all.append(...group.numbers.map((one) => this.number(one)));
    this.follow();
  }

  network() {
    const { kind, kinds } = this.state.parameters.networks;
    const own = kinds.some((one) => one.kind === kind) ? [] : [[kind, "as given"]];
    const names = [...own, ...kinds.map((one) => [one.kind, one.kind.replaceAll("_", " ")])];
    const told = element("p", { class: "small" });
    const say = (name) => (told.textContent = kinds.find((one) => one.kind === name)?.meaning ?? "The ties of the file.");
    const select = choice("Kind of network ", names, this.state.setting.both.network ?? kind, (name) => {
      say(name);
      this.state.change(({ both }) => {
        for (const path of Object.keys(both)) if (path.startsWith("network")) delete both[path];
        if (name !== kind) both.network = name;
      });
    });
    say(kind);
    return element("div", { class: "number" }, select, told);
  }

  number(one) {
    const about = freshName("about");
    const several = one.of && (this.state.parameters.interventions.length > 1 || one.path.startsWith("policies."));
    const label = several ? `${one.label}, ${one.of}` : one.label;
    if (this.file) return this.still(one, label);
    const control = numberControl({ ...one, label, value: this.value(one), described: about }, (number) => this.put(one, number));
    const meaning = element("p", { class: "small", id: about }, one.meaning);
    const both = this.bothBox(one);
    const box = element("div", { class: "number" }, control, meaning, this.source(one), both);
    this.numbers.set(one.path, { one, control, both, box });
    return box;
  }

  still(one, label) {
    const value = element("p", {}, element("span", { class: "label" }, label), ` ${withUnit(one.value, one.unit)}`);
    return element("div", { class: "number" }, value, element("p", { class: "small" }, one.meaning), this.source(one));
  }

  source({ known, sources, plausible, unit }) {
    const range = plausible ? ` Plausible: ${plausible}${unit === "share" || !unit ? "" : ` ${unit}`}.` : "";
    const badge = element("span", { class: `known ${known}` }, KNOWN[known]);
    return element("p", { class: "small" }, badge, range, sources.length ? ` ${sources.join(" ")}` : "");
  }

  bothBox(one) {
    if (one.both) return element("p", { class: "small" }, "Changes in both.");
    const input = element("input", { type: "checkbox", "aria-label": `${one.label}: in the base too` });
    input.addEventListener("change", () => this.move(one, input.checked));
    const box = element("label", { class: "small", hidden: true }, input, " in the base too");
    box.input = input;
    return box;
  }

  value({ path, value }) {
    const { both, alone } = this.state.setting;
    return alone[path] ?? both[path] ?? value;
  }

  put(one, number) {
    this.state.change((setting) => {
      const part = one.both || one.path in setting.both ? setting.both : setting.alone;
      if (number === one.value) delete part[one.path];
      else part[one.path] = number;
    });
  }

  move(one, toBoth) {
    this.state.change(({ both, alone }) => {
      const [from, to] = toBoth ? [alone, both] : [both, alone];
      to[one.path] = from[one.path];
      delete from[one.path];
    });
  }

  follow() {
    if (this.details.open) this.draw();
    const { both, alone } = this.state.setting;
    for (const { one, control, both: box, box: whole } of this.numbers.values()) {
      const changed = one.path in both || one.path in alone;
      control.set(this.value(one));
      whole.classList.toggle("changed", changed);
      if (box.input) {
        box.hidden = !changed;
        box.input.checked = one.path in both;
      }
    }
  }
}
