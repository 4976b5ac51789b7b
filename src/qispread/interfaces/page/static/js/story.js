// The story of one organisation: what kind of place it is, from whom it copied, what it observed, what happened and why.
import { drawOnce, hiddenBox } from "./charts.js";
import { capital, element, find, percent } from "./words.js";

const QUIET = new Set(["reactive change"]);

export class Story {
  constructor(source, failed) {
    Object.assign(this, { source, failed });
    this.dialog = find("story");
    this.dialog.addEventListener("close", () => this.control?.abort());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
  }

  async tell(question, world, who, month) {
    this.control?.abort();
    this.control = new AbortController();
    const { signal } = this.control;
    this.open(world.names[who]);
    try {
      for await (const part of this.source.organisation({ ...question, organisation: world.ids[who] }, signal)) {
        if (part.context) await this.first(part, world, who, month);
        else if (part.events) this.happened(part.events);
        else if (part.doing) this.busy(part);
      }
    } catch (error) {
      if (error.name !== "AbortError") this.inside.append(element("p", { role: "alert" }, error.message));
    }
  }

  open(name) {
    const close = element("button", { type: "button", class: "close", on: { click: () => this.dialog.close() } }, "Close");
    this.inside = element("div", {}, element("p", { class: "small" }, "Reading its story …"));
    this.dialog.replaceChildren(close, element("h2", { id: "story-title", tabIndex: -1 }, name), this.inside);
    if (!this.dialog.open) this.dialog.showModal();
    this.dialog.scrollTop = 0;
    find("story-title").focus();
  }

  async first(told, world, who, month) {
    const chart = element("div", { class: "chart", role: "img", "aria-label": told.chart.alt });
    this.events = element("div", {}, element("p", { class: "small" }, "Living its months again to tell what happened and why …"));
    this.inside.replaceChildren(
      element("p", {}, this.place(told)),
      element("p", {}, this.practice(told, world, who, month)),
      element("div", { class: "pair" },
        element("div", {}, element("h3", {}, "What kind of place it is"), this.context(told)),
        element("div", {}, element("h3", {}, "What it would see of its own harm"), chart, element("p", { class: "small" }, told.said))),
      element("h3", {}, "What happened, and why"),
      this.events,
    );
    chart.append(hiddenBox());
    await drawOnce(chart.firstChild, told.chart.specification);
  }

  place({ partnership, size, event_rate: [before, after] }) {
    return `In ${partnership}, with ${size.toLocaleString("en-GB")} cases a year. Harm went from ${before} to ${after} per 10,000.`;
  }

  practice({ practice }, world, who, month) {
    if (practice.began === null) return "It never began.";
    const lapses = practice.times_discontinued ? ` It gave up ${practice.times_discontinued === 1 ? "once" : `${practice.times_discontinued} times`}.` : "";
    const now = ["implementing", "embedded"].includes(practice.stage)
      ? `At the end it is ${practice.stage}, with ${percent(practice.fidelity)} of the core intact and ${percent(practice.result)} of the largest possible effect.`
      : `At the end it is ${practice.stage}.`;
    const began = `It first began in month ${practice.began}.`;
    return `${began}${this.lineage(world, who, month)}${lapses} ${now}`;
  }

  lineage(world, who, month) {
    const chain = world.lineage(who, month);
    if (!chain.length || chain[0].from === -3) return chain.length ? " It is where the intervention began." : "";
    const names = chain.map((one) => world.source(one.from));
    const last = chain.at(-1);
    const end = last.from === -3 ? ", where it began" : "";
    if (last.from === -3) names.pop();
    return ` What it uses in month ${month} is copied from ${names.join(", which copied from ")}${end}.`;
  }

  context({ context }) {
    const head = element("tr", {}, element("td"), ...["Start", "End", "More than"].map((one) => element("th", { scope: "col" }, one)));
    const rows = context.map(({ factor, meaning, start, end, rank }) =>
      element("tr", {}, element("th", { scope: "row", title: meaning }, capital(factor)), element("td", {}, start.toFixed(2)),
        element("td", {}, end.toFixed(2)), element("td", {}, percent(rank))));
    return element("div", { class: "sheet", tabIndex: 0, role: "region", "aria-label": "Its context" },
      element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)),
      element("p", { class: "small" }, "More than: the share of places that had less of it at the start."));
  }

  busy({ doing, done, of }) {
    const bar = element("progress", { "aria-label": doing, max: of, value: done });
    this.events?.replaceChildren(element("p", { class: "small" }, bar, ` ${doing}, to tell what happened and why …`));
  }

  happened(events) {
    const told = events.filter((one) => !QUIET.has(one.what));
    const quiet = events.length - told.length;
    const line = ({ month, what, why, intervention }) =>
      element("li", {}, element("span", { class: "when" }, `Month ${month}`),
        element("span", {}, element("strong", {}, capital(what)), intervention ? ` (${intervention})` : "", why ? `: ${why}` : ""));
    const more = quiet ? [element("p", { class: "small" }, `And ${quiet} changes made for lack of time, each of which cost some fidelity.`)] : [];
    this.events.replaceChildren(element("ul", { class: "events", tabIndex: 0, "aria-label": "Events" }, ...told.map(line)), ...more);
  }
}
