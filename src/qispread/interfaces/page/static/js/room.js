// The decision budget: what a team buys, what that averts, and how the room did. The board stands in the address.
import { codeOf, grouped, plain, yearsIn, yearsOf } from "./plan.js";
import { waited } from "./waiting.js";
import { element, freshName, percent } from "./words.js";

const LONGEST_NAME = 24;
const MOST_TEAMS = 20;
const number = (value) => Math.round(value).toLocaleString("en-GB");

export class Room {
  constructor(budget, state, source, { place, failed, file, write }) {
    Object.assign(this, { budget, state, source, failed, write });
    this.columns = file ? [Array.from({ length: budget.years }, (_, year) => year)] : Array.from({ length: budget.years }, (_, year) => [year]);
    this.years = (state.plan && yearsOf(state.plan)) || budget.policies.map(() => 0);
    this.teams = teamsOf(state.teams);
    this.known = new Map();
    this.build(place, Boolean(file));
    this.follow();
    if (this.teams.length) this.board().catch((error) => this.fail(error));
  }

  // Whoever cancels knows it.
  fail(error) {
    if (error.name !== "AbortError") this.failed(error);
  }

  build(place, file) {
    const { units, years } = this.budget;
    this.told = element("p", { class: "spent", role: "status" });
    this.bar = element("progress", { max: units, "aria-label": "Units spent" });
    this.far = element("div");
    this.result = element("div", { role: "status" });
    this.see = element("button", { type: "button", class: "main" }, "See what it averts");
    this.see.addEventListener("click", () => this.own());
    const how = file ? "In this file a policy is bought for all five years or not at all." : "Buy a policy for the years that you want.";
    place.append(
      element("h3", { id: "game-title" }, `The budget: ${units} units for five years`),
      element("p", {}, `Each team has ${units} units to spend on policies in the first ${years} years, everywhere in England. ${how} What counts is how many harmful events are averted in ten years, five of them after the money has ended. The prices are examples, and not real ones.`),
      this.grid(), element("div", { class: "row" }, this.bar, this.told), element("p", { class: "row" }, this.see), this.far, this.result, this.joining(), this.table());
  }

  grid() {
    const { policies, years } = this.budget;
    const heads = this.columns.length === 1 ? ["All years"] : Array.from({ length: years }, (_, year) => `Year ${year + 1}`);
    this.boxes = [];
    const rows = policies.map(({ title, meaning, price }, policy) => {
      const cells = this.columns.map((some, column) => {
        const input = element("input", { type: "checkbox", "aria-label": `${title}, ${heads[column].toLowerCase()}` });
        input.addEventListener("change", () => this.turn(policy, some, input.checked));
        this.boxes.push({ input, policy, some });
        return element("td", {}, input);
      });
      const spent = element("td");
      this.boxes.at(-1).spent = spent;
      return element("tr", {}, element("th", { scope: "row", title: meaning }, title), element("td", {}, price), ...cells, spent);
    });
    const head = element("tr", {}, element("td"), ...["Units a year", ...heads, "Spent"].map((one) => element("th", { scope: "col" }, one)));
    return element("div", { class: "sheet", tabIndex: 0, role: "region", "aria-label": "What the team buys" },
      element("table", { id: "plan" }, element("thead", {}, head), element("tbody", {}, ...rows)));
  }

  turn(policy, some, on) {
    for (const year of some) this.years[policy] = on ? this.years[policy] | (1 << year) : this.years[policy] & ~(1 << year);
    this.result.replaceChildren();
    this.follow();
    this.state.plan = this.spent ? codeOf(this.years) : null;
    this.write();
  }

  get spent() {
    return this.budget.policies.reduce((sum, { price }, policy) => sum + price * yearsIn(this.years[policy]), 0);
  }

  follow() {
    const left = this.budget.units - this.spent;
    for (const { input, policy, some, spent } of this.boxes) {
      const { price } = this.budget.policies[policy];
      input.checked = some.every((year) => this.years[policy] & (1 << year));
      input.disabled = !input.checked && price * some.length > left;
      if (spent) spent.textContent = price * yearsIn(this.years[policy]) || "";
    }
    this.bar.value = this.spent;
    this.told.textContent = `${this.spent} of ${this.budget.units} units spent, ${left} left.`;
    this.see.disabled = !this.spent;
  }

  // What some plans avert; plans that are known are not asked about again.
  async ask(codes) {
    const missing = codes.filter((code) => !this.known.has(code));
    if (missing.length || !this.best) {
      const asked = (signal) => this.source.budget({ plans: missing }, signal);
      const { plans, best } = await waited(asked, this.far, "Running 200 worlds", (part) => part.plans);
      this.best = best;
      for (const one of plans) this.known.set(one.code, one);
    }
    return codes.map((code) => this.known.get(code));
  }

  async own() {
    this.see.disabled = true;
    this.result.replaceChildren();
    try {
      const code = codeOf(this.years);
      const [found] = await this.ask([code]);
      this.result.replaceChildren(element("p", { class: "said" },
        `It averts ${number(found.averted)} harmful events in ten years more than doing nothing (give or take ${number(found.half)}). At the end ${percent(found.adoption)} use it, with ${percent(found.effect)} of the largest possible effect. Your code: `,
        element("strong", { class: "code" }, grouped(code)), "."));
      this.code.value = grouped(code);
    } catch (error) {
      this.fail(error);
    }
    this.see.disabled = false;
    if (document.activeElement === document.body) this.see.focus();
  }

  joining() {
    const [name, code] = [freshName("team"), freshName("code")];
    this.name = element("input", { id: name, type: "text", maxLength: LONGEST_NAME, autocomplete: "off" });
    this.code = element("input", { id: code, type: "text", maxLength: 20, autocomplete: "off", spellcheck: false });
    this.fault = element("p", { role: "alert", class: "small" });
    const add = element("button", { type: "submit" }, "Add to the board");
    const form = element("form", { class: "row" }, field(name, "Team ", this.name), field(code, "Code ", this.code), add);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.join();
    });
    return element("div", {}, element("h3", {}, "The board of the room"),
      element("p", { class: "small" }, "Teams read out their codes; whoever keeps the board types them in. The board stands in the address of this page and nowhere else."), form, this.fault);
  }

  async join() {
    const code = plain(this.code.value);
    const name = this.name.value.trim() || `Team ${this.teams.length + 1}`;
    this.fault.textContent = "";
    if (!yearsOf(code)) this.fault.textContent = "This is no code, or there is a slip in it; compare it letter by letter.";
    else if (this.teams.length >= MOST_TEAMS) this.fault.textContent = `The board holds ${MOST_TEAMS} teams.`;
    else
      try {
        if (!(await this.ask([code]))[0]) throw new Error("This file does not know that plan: it holds whole policies for all five years.");
        this.teams = [...this.teams.filter((one) => one.name !== name), { name, code }];
        this.state.teams = textOf(this.teams);
        this.write();
        this.name.value = "";
        await this.board();
      } catch (error) {
        this.fault.textContent = error.name === "AbortError" ? "Cancelled." : (error.faults?.[0]?.problem ?? error.message);
      }
  }

  table() {
    this.lines = element("tbody");
    const head = element("tr", {}, ...["Team", "Code", "Spent", "Events averted", "Of the best found"].map((one) => element("th", { scope: "col" }, one)));
    this.sheet = element("div", { class: "sheet", tabIndex: 0, role: "region", "aria-label": "The board of the room", hidden: true },
      element("table", { id: "board" }, element("thead", {}, head), this.lines));
    this.reveal = element("button", { type: "button" }, "Show the best that was found");
    this.reveal.addEventListener("click", () => this.showBest().catch((error) => this.fail(error)));
    this.bestTold = element("div", { role: "status" });
    return element("div", {}, this.sheet, element("p", { class: "row" }, this.reveal), this.bestTold);
  }

  async board() {
    const found = await this.ask(this.teams.map((one) => one.code));
    const rows = this.teams.map((team, place) => ({ ...team, ...found[place] })).filter((one) => one.averted !== undefined);
    rows.sort((one, other) => other.averted - one.averted);
    this.lines.replaceChildren(...rows.map(({ name, code, spent, averted }) =>
      element("tr", {}, element("th", { scope: "row" }, name), element("td", { class: "code" }, grouped(code)), element("td", {}, spent),
        element("td", {}, number(averted)), element("td", {}, percent(averted / this.best.averted)))));
    this.sheet.hidden = !rows.length;
  }

  async showBest() {
    await this.ask([]);
    const { code, spent, averted, half, how } = this.best;
    const years = yearsOf(code);
    const bought = this.budget.policies.map(({ title }, policy) => [title, years[policy]]).filter(([, mask]) => mask);
    const inWords = (mask) => Array.from({ length: this.budget.years }, (_, year) => year + 1).filter((year) => mask & (1 << (year - 1))).join(", ");
    this.bestTold.replaceChildren(
      element("p", { class: "said" }, `The best plan that was found averts ${number(averted)} events (give or take ${number(half)}) for ${spent} units. Its code: `, element("strong", { class: "code" }, grouped(code)), "."),
      element("ul", {}, ...bought.map(([title, mask]) => element("li", {}, `${title}: ${mask === (1 << this.budget.years) - 1 ? "all five years" : `year ${inWords(mask)}`}`))),
      element("p", { class: "small" }, `How it was found: ${how.method}; ${how.starts} starts, ${number(how["plans tried"])} plans. It is the best that was found, and not the best there is.`));
    if (this.teams.length) await this.board();
  }
}

const field = (name, words, input) => element("span", { class: "field" }, element("label", { htmlFor: name }, words), input);

const textOf = (teams) => teams.map(({ name, code }) => `${encodeURIComponent(name)}:${code}`).join(",");

function teamsOf(text) {
  const found = (text || "").split(",").filter(Boolean).map((one) => one.split(":"));
  return found
    .map(([name, code = ""]) => ({ name: decoded(name).slice(0, LONGEST_NAME), code: plain(code) }))
    .filter(({ name, code }) => name && yearsOf(code))
    .slice(0, MOST_TEAMS);
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
