// Controls of the policies: a switch for each, with strength, months, target and cost while it is on.
import { amountField, monthField, numberControl, selectField } from "./controls.js";
import { byId, element, uniqueId } from "./dom.js";
import { SETTING } from "./state.js";
import { capitalise } from "./text_format.js";

const EVERYONE = "everyone";
const TARGET_LABELS = { most_ready: "the most ready", least_ready: "the least ready", hubs: "the best connected", random: "a random sample" };
const DEFAULT_COUNT = 20;
const SINGLE_POLICY_NOTE = "In this file one policy at a time, for everyone and all years. Run qispread app to combine them.";

export class PolicyControls {
  constructor(state, file) {
    Object.assign(this, { state, file });
    this.list = byId("lever-list");
    state.listen((change) => change === SETTING && this.draw());
    this.draw();
  }

  get policies() {
    return this.state.setting.policies;
  }

  // Switches are recreated only for another scenario; their state follows the page state.
  draw() {
    const { parameters } = this.state;
    if (this.drawnFor !== parameters) {
      this.drawnFor = parameters;
      this.items = parameters.levers.map((lever) => this.createItem(lever));
      this.list.replaceChildren(...this.items.map(({ box }) => box));
      byId("policy-note").textContent = this.file ? SINGLE_POLICY_NOTE : baselineNote(parameters.policies);
    }
    for (const item of this.items) this.update(item);
  }

  createItem(lever) {
    const id = uniqueId("lever");
    const input = element("input", { id, type: "checkbox", role: "switch" });
    input.addEventListener("change", () => this.toggle(lever, input.checked));
    const label = element("label", { htmlFor: id, title: lever.meaning }, input, element("span", {}, lever.title));
    return { lever, input, box: element("li", { class: "lever" }, label), details: null };
  }

  toggle({ lever }, on) {
    this.state.change(({ policies }) => {
      // An offline file contains results for one policy at a time.
      if (this.file) for (const other of Object.keys(policies)) delete policies[other];
      if (on) policies[lever] = {};
      else delete policies[lever];
    });
  }

  update(item) {
    const fields = this.policies[item.lever.lever];
    item.input.checked = Boolean(fields);
    item.box.classList.toggle("on", Boolean(fields));
    if (!fields) {
      item.details?.remove();
      item.details = item.fields = null;
    } else if (item.fields !== fields) {
      item.details?.remove();
      item.details = this.createDetails(item.lever, fields);
      item.fields = fields;
      item.box.append(item.details);
    }
  }

  // Sets a field of a policy; a default value is not stored.
  setField(fields, name, value, defaultValue) {
    this.state.change(() => {
      if (value === defaultValue || value === null) delete fields[name];
      else fields[name] = value;
    });
  }

  createDetails(lever, fields) {
    const meaning = element("p", {}, lever.meaning);
    const sliders = lever.strengths.slice(0, this.file ? 1 : undefined).map((strength) =>
      numberControl({ ...strength, label: capitalise(strength.label), value: fields[strength.name] ?? strength.value }, (number) =>
        this.setField(fields, strength.name, number, strength.value),
      ),
    );
    const legend = element("legend", { class: "visually-hidden" }, `${lever.title}: strength, months, target and cost`);
    return element("fieldset", { class: "strength" }, legend, meaning, ...sliders, ...(this.file ? [] : [this.scopeFields(lever, fields)]));
  }

  scopeFields(lever, fields) {
    const { horizon } = this.state;
    const { origins } = this.state.parameters;
    const parts = lever.origin
      ? [selectField("Starts at", origins.map((rule) => [rule, rule.replaceAll("_", " ")]), fields.origin?.rule ?? "hub", (rule) => this.setOrigin(fields, { rule })),
         amountField("How many", fields.origin?.number ?? 3, (number) => this.setOrigin(fields, { number }))]
      : [monthField("From month", fields.start, horizon, "1", (month) => this.setField(fields, "start", month, 1)),
         monthField("To month", fields.end, horizon, String(horizon), (month) => this.setField(fields, "end", month, null)),
         ...this.targetFields(fields)];
    parts.push(amountField("Cost per month and organisation", fields.cost ?? 0, (cost) => this.setField(fields, "cost", cost, 0)));
    return element("div", { class: "window" }, ...parts);
  }

  setOrigin(fields, change) {
    this.state.change(() => {
      fields.origin = { rule: "hub", number: 3, ...fields.origin, ...change };
    });
  }

  targetFields(fields) {
    const [rule, number] = Object.entries(fields.target ?? {})[0] ?? [EVERYONE, DEFAULT_COUNT];
    const choices = [[EVERYONE, "everyone"], ...Object.entries(TARGET_LABELS)];
    const setTarget = (name, count) => {
      this.setField(fields, "target", name === EVERYONE ? null : { [name]: count }, null);
      this.rebuild(fields);
    };
    const select = selectField("For whom", choices, rule, (name) => setTarget(name, number));
    if (rule === EVERYONE) return [select];
    return [select, monthField("How many", number, this.state.organisations, "", (count) => setTarget(rule, count ?? DEFAULT_COUNT))];
  }

  rebuild(fields) {
    const item = this.items.find((candidate) => candidate.fields === fields);
    item.fields = null;
    this.update(item);
    item.details.querySelector("select")?.focus();
  }
}

function baselineNote(policies) {
  if (!policies.length) return "";
  return `Already in the baseline: ${policies.map((name) => name.replaceAll("_", " ")).join(", ")}.`;
}
