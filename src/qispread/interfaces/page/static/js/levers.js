// What is done about it: a switch for each policy, with its strength, its window, its target and its cost once it is on.
import { choice, monthField, numberControl, priceField } from "./controls.js";
import { SETTING } from "./state.js";
import { capital, element, find, freshName } from "./words.js";

const EVERYONE = "everyone";
const COUNTED = ["most_ready", "least_ready", "hubs", "random"];
const WORDS = { most_ready: "the most ready", least_ready: "the least ready", hubs: "the best tied", random: "drawn at random" };
const A_FEW = 20;
const ONE = "In this file one at a time, for everyone and all years; the page of qispread app combines them.";

export class Levers {
  constructor(state, file) {
    Object.assign(this, { state, file });
    this.list = find("lever-list");
    state.listen((what) => what === SETTING && this.draw());
    this.draw();
  }

  get policies() {
    return this.state.setting.policies;
  }

  // Switches are made anew only where others can be pulled; the rest follows the setting.
  draw() {
    const { parameters } = this.state;
    if (this.drawnFor !== parameters) {
      this.drawnFor = parameters;
      this.items = parameters.levers.map((lever) => this.item(lever));
      this.list.replaceChildren(...this.items.map((one) => one.box));
      const already = parameters.policies.map((one) => one.replaceAll("_", " ")).join(", ");
      find("already").textContent = this.file ? ONE : already ? `In both already: ${already}.` : "";
    }
    for (const item of this.items) this.follow(item);
  }

  item(lever) {
    const name = freshName("lever");
    const input = element("input", { id: name, type: "checkbox", role: "switch" });
    input.addEventListener("change", () => this.turn(lever, input.checked));
    const words = element("label", { htmlFor: name, title: lever.meaning }, input, element("span", {}, lever.title));
    return { lever, input, box: element("li", { class: "lever" }, words), inside: null };
  }

  turn({ lever }, on) {
    this.state.change(({ policies }) => {
      // A file holds the answers for one policy at a time.
      if (this.file) for (const other of Object.keys(policies)) delete policies[other];
      if (on) policies[lever] = {};
      else delete policies[lever];
    });
  }

  follow(item) {
    const fields = this.policies[item.lever.lever];
    item.input.checked = Boolean(fields);
    item.box.classList.toggle("on", Boolean(fields));
    if (!fields) {
      item.inside?.remove();
      item.inside = item.fields = null;
    } else if (item.fields !== fields) {
      item.inside?.remove();
      item.inside = this.strength(item.lever, fields);
      item.fields = fields;
      item.box.append(item.inside);
    }
  }

  // Keeps a value of a policy, or forgets it where it is the default again.
  put(fields, name, value, usual) {
    this.state.change(() => {
      if (value === usual || value === null) delete fields[name];
      else fields[name] = value;
    });
  }

  strength(lever, fields) {
    const meaning = element("p", {}, lever.meaning);
    const sliders = lever.strengths.slice(0, this.file ? 1 : undefined).map((one) =>
      numberControl({ ...one, label: capital(one.label), value: fields[one.name] ?? one.value }, (number) =>
        this.put(fields, one.name, number, one.value),
      ),
    );
    const legend = element("legend", { class: "unseen" }, `${lever.title}: how much, when and for whom`);
    return element("fieldset", { class: "strength" }, legend, meaning, ...sliders, ...(this.file ? [] : [this.window(lever, fields)]));
  }

  window(lever, fields) {
    const { horizon } = this.state;
    const { origins } = this.state.parameters;
    const parts = lever.origin
      ? [choice("Starts at", origins.map((one) => [one, one.replaceAll("_", " ")]), fields.origin?.rule ?? "hub", (rule) => this.seed(fields, { rule })),
         priceField("How many", fields.origin?.number ?? 3, (number) => this.seed(fields, { number }))]
      : [monthField("From month", fields.start, horizon, "1", (month) => this.put(fields, "start", month, 1)),
         monthField("To month", fields.end, horizon, String(horizon), (month) => this.put(fields, "end", month, null)),
         ...this.target(fields)];
    parts.push(priceField("Cost a month for each", fields.cost ?? 0, (cost) => this.put(fields, "cost", cost, 0)));
    return element("div", { class: "window" }, ...parts);
  }

  seed(fields, change) {
    this.state.change(() => {
      fields.origin = { rule: "hub", number: 3, ...fields.origin, ...change };
    });
  }

  target(fields) {
    const [rule, number] = Object.entries(fields.target ?? {})[0] ?? [EVERYONE, A_FEW];
    const names = [[EVERYONE, "everyone"], ...COUNTED.map((one) => [one, WORDS[one]])];
    const keep = (name, count) => {
      this.put(fields, "target", name === EVERYONE ? null : { [name]: count }, null);
      this.rebuild(fields);
    };
    const whom = choice("For whom", names, rule, (name) => keep(name, number));
    if (rule === EVERYONE) return [whom];
    return [whom, monthField("How many", number, this.places, "", (count) => keep(rule, count ?? A_FEW))];
  }

  get places() {
    return this.state.organisations;
  }

  rebuild(fields) {
    const item = this.items.find((one) => one.fields === fields);
    item.fields = null;
    this.follow(item);
    item.inside.querySelector("select")?.focus();
  }
}
