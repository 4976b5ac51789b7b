// The history of one organisation: its context, its sources, its run chart, its events and their reasons.
import { drawChart, hiddenBox } from "./charts.js";
import { byId, element } from "./dom.js";
import { PILOT_SITE } from "./run_data.js";
import { capitalise, formatPercent } from "./text_format.js";

const COUNTED_EVENTS = new Set(["reactive change"]);

export class OrganisationDialog {
  constructor(api) {
    this.api = api;
    this.dialog = byId("organisation");
    this.dialog.addEventListener("close", () => this.control?.abort());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
  }

  async show(request, run, index, month) {
    this.control?.abort();
    this.control = new AbortController();
    const { signal } = this.control;
    this.open(run.names[index]);
    try {
      for await (const message of this.api.organisation({ ...request, organisation: run.ids[index] }, signal)) {
        if (message.context) await this.showSummary(message, run, index, month);
        else if (message.events) this.showEvents(message.events);
        else if (message.activity) this.showProgress(message);
      }
    } catch (error) {
      if (error.name !== "AbortError") this.inside.append(element("p", { role: "alert" }, error.message));
    }
  }

  open(name) {
    const close = element("button", { type: "button", class: "close", on: { click: () => this.dialog.close() } }, "Close");
    this.inside = element("div", {}, element("p", { class: "small" }, "Loading …"));
    this.dialog.replaceChildren(close, element("h2", { id: "organisation-title", tabIndex: -1 }, name), this.inside);
    if (!this.dialog.open) this.dialog.showModal();
    this.dialog.scrollTop = 0;
    byId("organisation-title").focus();
  }

  async showSummary(history, run, index, month) {
    const chart = element("div", { class: "chart", role: "img", "aria-label": history.chart.alt });
    this.events = element("div", {}, element("p", { class: "small" }, "Rerunning the months to record events and their reasons …"));
    this.inside.replaceChildren(
      element("p", {}, this.describeOrganisation(history)),
      element("p", {}, this.describePractice(history, run, index, month)),
      element("div", { class: "pair" },
        element("div", {}, element("h3", {}, "Context"), this.contextTable(history)),
        element("div", {}, element("h3", {}, "Run chart of adverse events"), chart, element("p", { class: "small" }, history.note))),
      element("h3", {}, "Events and their reasons"),
      this.events,
    );
    chart.append(hiddenBox());
    await drawChart(chart.firstChild, history.chart.specification);
  }

  describeOrganisation({ partnership, size, event_rate: [start, end] }) {
    return `Member of ${partnership}, ${size.toLocaleString("en-GB")} cases a year. The rate of adverse events changed from ${start} to ${end} per 10,000.`;
  }

  describePractice({ practice }, run, index, month) {
    if (practice.first_adopted === null) return "Never adopted.";
    const adopted = `First adopted in month ${practice.first_adopted}.`;
    const discontinued = practice.times_discontinued ? ` Discontinued ${countTimes(practice.times_discontinued)}.` : "";
    const inUse = ["implementing", "embedded"].includes(practice.stage);
    const outcome = inUse ? `, with ${formatPercent(practice.fidelity)} fidelity and ${formatPercent(practice.result)} of the full effect` : "";
    return `${adopted}${this.describeLineage(run, index, month)}${discontinued} Stage at the end: ${practice.stage}${outcome}.`;
  }

  describeLineage(run, index, month) {
    const chain = run.lineage(index, month);
    if (!chain.length) return "";
    if (chain[0].from === PILOT_SITE) return " This is the pilot site.";
    const fromPilotSite = chain.at(-1).from === PILOT_SITE;
    const names = chain.map(({ from }) => run.sourceName(from));
    if (fromPilotSite) names.pop();
    return ` Its version in month ${month} was copied from ${names.join(", which copied from ")}${fromPilotSite ? ", the pilot site" : ""}.`;
  }

  contextTable({ context }) {
    const head = element("tr", {}, element("td"), ...["Start", "End", "Rank"].map((heading) => element("th", { scope: "col" }, heading)));
    const rows = context.map(({ factor, meaning, start, end, rank }) =>
      element("tr", {}, element("th", { scope: "row", title: meaning }, capitalise(factor)), element("td", {}, start.toFixed(2)),
        element("td", {}, end.toFixed(2)), element("td", {}, formatPercent(rank))));
    return element("div", { class: "sheet", tabIndex: 0, role: "region", "aria-label": "Context" },
      element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)),
      element("p", { class: "small" }, "Rank: the share of organisations with a lower value at the start."));
  }

  showProgress({ activity, done, total }) {
    const bar = element("progress", { "aria-label": activity, max: total, value: done });
    this.events?.replaceChildren(element("p", { class: "small" }, bar, ` ${activity} to record events and their reasons …`));
  }

  showEvents(events) {
    const listed = events.filter(({ event }) => !COUNTED_EVENTS.has(event));
    const counted = events.length - listed.length;
    const line = ({ month, event, reason, intervention }) =>
      element("li", {}, element("span", { class: "when" }, `Month ${month}`),
        element("span", {}, element("strong", {}, capitalise(event)), intervention ? ` (${intervention})` : "", reason ? `: ${reason}` : ""));
    const note = `In addition, ${counted} changes under time pressure, each of which reduced fidelity.`;
    const more = counted ? [element("p", { class: "small" }, note)] : [];
    this.events.replaceChildren(element("ul", { class: "events", tabIndex: 0, "aria-label": "Events" }, ...listed.map(line)), ...more);
  }
}

const countTimes = (count) => (count === 1 ? "once" : `${count} times`);
