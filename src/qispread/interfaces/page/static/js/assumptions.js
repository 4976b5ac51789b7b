// The assumptions of the model: every parameter by group, with its meaning, source and evidence.
import { numberControl, selectField } from "./controls.js";
import { byId, element, uniqueId } from "./dom.js";
import { SETTING } from "./state.js";
import { formatWithUnit } from "./text_format.js";

const EVIDENCE_LABELS = {
  measured: "measured",
  derived: "derived from measurements",
  assumption: "assumed",
  hypothesis: "untested assumption: no data, and results depend on it",
  choice: "your choice",
};

export class Assumptions {
  constructor(state, file) {
    Object.assign(this, { state, file });
    this.details = byId("assumptions");
    this.inside = this.details.querySelector("div");
    this.controls = new Map();
    this.details.addEventListener("toggle", () => this.details.open && this.draw());
    state.listen((change) => change === SETTING && this.update());
  }

  draw() {
    if (this.drawnFor === this.state.parameters) return;
    this.drawnFor = this.state.parameters;
    this.controls.clear();
    const lead = element("p", { class: "small" }, this.file ? "Run qispread app to change these." :
      "A change applies to your option only, unless you tick “in the baseline too”. Organisations and network are shared, so their changes apply to both.");
    const groups = this.state.parameters.groups.map((group) => this.groupBox(group));
    this.inside.replaceChildren(lead, ...groups);
    this.update();
  }

  groupBox(group) {
    const content = element("div", { class: "all" });
    const box = element("details", { class: "group" }, element("summary", {}, `${group.title} (${group.parameters.length})`), content);
    box.addEventListener("toggle", () => {
      if (box.open && !content.childElementCount) this.fill(group, content);
    });
    return box;
  }

  fill(group, content) {
    if (!this.file && group.name === "network" && this.state.parameters.networks.kinds.length) content.append(this.networkField());
    content.append(...group.parameters.map((parameter) => this.parameterBox(parameter)));
    this.update();
  }

  networkField() {
    const { kind, kinds } = this.state.parameters.networks;
    const current = kinds.some((network) => network.kind === kind) ? [] : [[kind, "as in the file"]];
    const choices = [...current, ...kinds.map((network) => [network.kind, network.kind.replaceAll("_", " ")])];
    const note = element("p", { class: "small" });
    const showMeaning = (name) => (note.textContent = kinds.find((network) => network.kind === name)?.meaning ?? "The ties in the file.");
    const select = selectField("Kind of network ", choices, this.state.setting.both.network ?? kind, (name) => {
      showMeaning(name);
      this.state.change(({ both }) => {
        for (const path of Object.keys(both)) if (path.startsWith("network")) delete both[path];
        if (name !== kind) both.network = name;
      });
    });
    showMeaning(kind);
    return element("div", { class: "number" }, select, note);
  }

  parameterBox(parameter) {
    const describedBy = uniqueId("meaning");
    const { label: name, owner, path } = parameter;
    const showOwner = owner && (this.state.parameters.interventions.length > 1 || path.startsWith("policies."));
    const label = showOwner ? `${name}, ${owner}` : name;
    if (this.file) return this.readOnlyBox(parameter, label);
    const control = numberControl({ ...parameter, label, value: this.value(parameter), describedBy }, (number) => this.set(parameter, number));
    const meaning = element("p", { class: "small", id: describedBy }, parameter.meaning);
    const scope = this.scopeBox(parameter);
    const box = element("div", { class: "number" }, control, meaning, this.sourceLine(parameter), scope);
    this.controls.set(path, { parameter, control, scope, box });
    return box;
  }

  readOnlyBox(parameter, label) {
    const value = element("p", {}, element("span", { class: "label" }, label), ` ${formatWithUnit(parameter.value, parameter.unit)}`);
    return element("div", { class: "number" }, value, element("p", { class: "small" }, parameter.meaning), this.sourceLine(parameter));
  }

  sourceLine({ evidence, sources, plausible, unit }) {
    const range = plausible ? ` Plausible: ${plausible}${unit === "share" || !unit ? "" : ` ${unit}`}.` : "";
    const badge = element("span", { class: `evidence ${evidence}` }, EVIDENCE_LABELS[evidence]);
    return element("p", { class: "small" }, badge, range, sources.length ? ` ${sources.join(" ")}` : "");
  }

  scopeBox(parameter) {
    if (parameter.shared) return element("p", { class: "small" }, "Changes apply to both.");
    const input = element("input", { type: "checkbox", "aria-label": `${parameter.label}: in the baseline too` });
    input.addEventListener("change", () => this.move(parameter, input.checked));
    const box = element("label", { class: "small", hidden: true }, input, " in the baseline too");
    box.input = input;
    return box;
  }

  value({ path, value }) {
    const { both, alone } = this.state.setting;
    return alone[path] ?? both[path] ?? value;
  }

  set(parameter, number) {
    const { path, shared, value } = parameter;
    this.state.change((setting) => {
      const part = shared || path in setting.both ? setting.both : setting.alone;
      if (number === value) delete part[path];
      else part[path] = number;
    });
  }

  move({ path }, toBoth) {
    this.state.change(({ both, alone }) => {
      const [from, to] = toBoth ? [alone, both] : [both, alone];
      to[path] = from[path];
      delete from[path];
    });
  }

  update() {
    if (this.details.open) this.draw();
    const { both, alone } = this.state.setting;
    for (const { parameter, control, scope, box } of this.controls.values()) {
      const changed = parameter.path in both || parameter.path in alone;
      control.set(this.value(parameter));
      box.classList.toggle("changed", changed);
      if (scope.input) {
        scope.hidden = !changed;
        scope.input.checked = parameter.path in both;
      }
    }
  }
}
