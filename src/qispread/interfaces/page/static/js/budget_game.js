// The budget game: a team's plan, the adverse events that it averts, and the scoreboard, which is part of the URL.
import { element, uniqueId } from "./dom.js";
import { countYears, decodePlan, encodePlan, groupCode, normaliseCode } from "./plan_code.js";
import { awaitResult } from "./progress.js";
import { formatCount, formatPercent } from "./text_format.js";

const MAX_NAME_LENGTH = 24;
const MAX_TEAMS = 20;

export class BudgetGame {
  constructor(budget, state, api, { parent, onError, file, onChange }) {
    Object.assign(this, { budget, state, api, onError, onChange });
    const years = Array.from({ length: budget.years }, (_, year) => year);
    this.columns = file ? [years] : years.map((year) => [year]);
    this.years = (state.plan && decodePlan(state.plan)) || budget.policies.map(() => 0);
    this.teams = decodeTeams(state.teams);
    this.results = new Map();
    this.build(parent, Boolean(file));
    this.update();
    if (this.teams.length) this.showScores().catch((error) => this.handleError(error));
  }

  // A cancellation needs no message.
  handleError(error) {
    if (error.name !== "AbortError") this.onError(error);
  }

  build(parent, file) {
    const { units, years } = this.budget;
    this.spentText = element("p", { class: "spent", role: "status" });
    this.bar = element("progress", { max: units, "aria-label": "Units spent" });
    this.progressBox = element("div");
    this.result = element("div", { role: "status" });
    this.runButton = element("button", { type: "button", class: "main" }, "Run the plan");
    this.runButton.addEventListener("click", () => this.runPlan());
    const rule = file ? "In this file a policy is bought for all five years or not at all." : "Buy each policy for the years that you choose.";
    parent.append(
      element("h3", { id: "game-title" }, `The budget: ${units} units for five years`),
      element("p", {}, `Each team has ${units} units to spend on national policies in the first ${years} years. ${rule} The score is the number of adverse events averted in ten years, including five years after the money ends. The prices are examples, not real prices.`),
      this.planTable(), element("div", { class: "row" }, this.bar, this.spentText), element("p", { class: "row" }, this.runButton), this.progressBox, this.result, this.teamForm(), this.scoreboard());
  }

  planTable() {
    const { policies, years } = this.budget;
    const headings = this.columns.length === 1 ? ["All years"] : Array.from({ length: years }, (_, year) => `Year ${year + 1}`);
    this.boxes = [];
    const rows = policies.map(({ title, meaning, price }, policy) => {
      const cells = this.columns.map((columnYears, column) => {
        const input = element("input", { type: "checkbox", "aria-label": `${title}, ${headings[column].toLowerCase()}` });
        input.addEventListener("change", () => this.toggle(policy, columnYears, input.checked));
        this.boxes.push({ input, policy, columnYears });
        return element("td", {}, input);
      });
      const spent = element("td");
      this.boxes.at(-1).spent = spent;
      return element("tr", {}, element("th", { scope: "row", title: meaning }, title), element("td", {}, price), ...cells, spent);
    });
    const head = element("tr", {}, element("td"), ...["Units per year", ...headings, "Spent"].map((heading) => element("th", { scope: "col" }, heading)));
    return element("div", { class: "sheet", tabIndex: 0, role: "region", "aria-label": "Plan of the team" },
      element("table", { id: "plan" }, element("thead", {}, head), element("tbody", {}, ...rows)));
  }

  toggle(policy, columnYears, on) {
    for (const year of columnYears) this.years[policy] = on ? this.years[policy] | (1 << year) : this.years[policy] & ~(1 << year);
    this.result.replaceChildren();
    this.update();
    this.state.plan = this.spent ? encodePlan(this.years) : null;
    this.onChange();
  }

  get spent() {
    return this.budget.policies.reduce((sum, { price }, policy) => sum + price * countYears(this.years[policy]), 0);
  }

  update() {
    const remaining = this.budget.units - this.spent;
    for (const { input, policy, columnYears, spent } of this.boxes) {
      const { price } = this.budget.policies[policy];
      input.checked = columnYears.every((year) => this.years[policy] & (1 << year));
      input.disabled = !input.checked && price * columnYears.length > remaining;
      if (spent) spent.textContent = price * countYears(this.years[policy]) || "";
    }
    this.bar.value = this.spent;
    this.spentText.textContent = `${this.spent} of ${this.budget.units} units spent, ${remaining} left.`;
    this.runButton.disabled = !this.spent;
  }

  // The results of some plans; results that are known already are not requested again.
  async request(codes) {
    const missing = codes.filter((code) => !this.results.has(code));
    if (missing.length || !this.best) {
      const stream = (signal) => this.api.budget({ plans: missing }, signal);
      const { plans, best } = await awaitResult(stream, this.progressBox, "Running 200 simulations", (message) => message.plans);
      this.best = best;
      for (const plan of plans) this.results.set(plan.code, plan);
    }
    return codes.map((code) => this.results.get(code));
  }

  async runPlan() {
    this.runButton.disabled = true;
    this.result.replaceChildren();
    try {
      const code = encodePlan(this.years);
      const [plan] = await this.request([code]);
      this.result.replaceChildren(element("p", { class: "statement" },
        `This plan averts ${formatCount(plan.averted)} adverse events in ten years, compared with no new policy (95% interval ±${formatCount(plan.half)}). At the end ${formatPercent(plan.current_use)} of the other units use PROMPT, with ${formatPercent(plan.effect)} of the full effect. Your code: `,
        element("strong", { class: "code" }, groupCode(code)), "."));
      this.code.value = groupCode(code);
    } catch (error) {
      this.handleError(error);
    }
    this.runButton.disabled = false;
    if (document.activeElement === document.body) this.runButton.focus();
  }

  teamForm() {
    const [nameId, codeId] = [uniqueId("team"), uniqueId("code")];
    this.name = element("input", { id: nameId, type: "text", maxLength: MAX_NAME_LENGTH, autocomplete: "off" });
    this.code = element("input", { id: codeId, type: "text", maxLength: 20, autocomplete: "off", spellcheck: false });
    this.fault = element("p", { role: "alert", class: "small" });
    const add = element("button", { type: "submit" }, "Add to the scoreboard");
    const form = element("form", { class: "row" }, field(nameId, "Team ", this.name), field(codeId, "Code ", this.code), add);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.addTeam();
    });
    return element("div", {}, element("h3", {}, "Scoreboard"),
      element("p", { class: "small" }, "Teams read out their codes, and one person enters them. The scoreboard is stored only in the address of this page."), form, this.fault);
  }

  async addTeam() {
    const code = normaliseCode(this.code.value);
    const name = this.name.value.trim() || `Team ${this.teams.length + 1}`;
    this.fault.textContent = "";
    if (!decodePlan(code)) this.fault.textContent = "This code is invalid; compare it letter by letter.";
    else if (this.teams.length >= MAX_TEAMS) this.fault.textContent = `The scoreboard has room for ${MAX_TEAMS} teams.`;
    else
      try {
        if (!(await this.request([code]))[0]) throw new Error("This file does not contain that plan: it only has plans that buy policies for all five years.");
        this.teams = [...this.teams.filter((team) => team.name !== name), { name, code }];
        this.state.teams = encodeTeams(this.teams);
        this.onChange();
        this.name.value = "";
        await this.showScores();
      } catch (error) {
        this.fault.textContent = error.name === "AbortError" ? "Cancelled." : (error.faults?.[0]?.problem ?? error.message);
      }
  }

  scoreboard() {
    this.lines = element("tbody");
    const head = element("tr", {}, ...["Team", "Code", "Spent", "Events averted", "% of the best plan"].map((heading) => element("th", { scope: "col" }, heading)));
    this.sheet = element("div", { class: "sheet", tabIndex: 0, role: "region", "aria-label": "Scoreboard", hidden: true },
      element("table", { id: "board" }, element("thead", {}, head), this.lines));
    this.bestButton = element("button", { type: "button" }, "Show the best known plan");
    this.bestButton.addEventListener("click", () => this.showBest().catch((error) => this.handleError(error)));
    this.bestPlan = element("div", { role: "status" });
    return element("div", {}, this.sheet, element("p", { class: "row" }, this.bestButton), this.bestPlan);
  }

  async showScores() {
    const plans = await this.request(this.teams.map(({ code }) => code));
    const rows = this.teams.map((team, index) => ({ ...team, ...plans[index] })).filter(({ averted }) => averted !== undefined);
    rows.sort((first, second) => second.averted - first.averted);
    this.lines.replaceChildren(...rows.map(({ name, code, spent, averted }) =>
      element("tr", {}, element("th", { scope: "row" }, name), element("td", { class: "code" }, groupCode(code)), element("td", {}, spent),
        element("td", {}, formatCount(averted)), element("td", {}, formatPercent(averted / this.best.averted)))));
    this.sheet.hidden = !rows.length;
  }

  async showBest() {
    await this.request([]);
    const { code, spent, averted, half, how } = this.best;
    const years = decodePlan(code);
    const bought = this.budget.policies.map(({ title }, policy) => [title, years[policy]]).filter(([, mask]) => mask);
    const listYears = (mask) => Array.from({ length: this.budget.years }, (_, year) => year + 1).filter((year) => mask & (1 << (year - 1))).join(", ");
    this.bestPlan.replaceChildren(
      element("p", { class: "statement" }, `The best known plan averts ${formatCount(averted)} adverse events (95% interval ±${formatCount(half)}) for ${spent} units. Its code: `, element("strong", { class: "code" }, groupCode(code)), "."),
      element("ul", {}, ...bought.map(([title, mask]) => element("li", {}, `${title}: ${mask === (1 << this.budget.years) - 1 ? "all five years" : `year ${listYears(mask)}`}`))),
      element("p", { class: "small" }, `Search: ${how.method}; ${how.starts} starts, ${formatCount(how["plans tried"])} plans. A better plan may exist.`));
    if (this.teams.length) await this.showScores();
  }
}

const field = (id, label, input) => element("span", { class: "field" }, element("label", { htmlFor: id }, label), input);

const encodeTeams = (teams) => teams.map(({ name, code }) => `${encodeURIComponent(name)}:${code}`).join(",");

function decodeTeams(text) {
  const entries = (text || "").split(",").filter(Boolean).map((entry) => entry.split(":"));
  return entries
    .map(([name, code = ""]) => ({ name: decodeText(name).slice(0, MAX_NAME_LENGTH), code: normaliseCode(code) }))
    .filter(({ name, code }) => name && decodePlan(code))
    .slice(0, MAX_TEAMS);
}

function decodeText(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
