// The results: headline, curves, and the table of differences once it is opened.
import { Chart } from "./charts.js";
import { byId, element } from "./dom.js";
import { plural } from "./text_format.js";

const FIRST_CURVES = 3;
const HINT = "Switch on a policy to see its effect.";

export class ResultPanel {
  constructor() {
    this.charts = new Map();
    this.latest = null;
    this.details = byId("numbers");
    this.inside = this.details.querySelector("div");
    this.details.addEventListener("toggle", () => this.latest && this.table());
  }

  wait(activity) {
    this.setBusy(true);
    if (activity) byId("progress-text").textContent = activity;
  }

  setBusy(busy) {
    byId("result").setAttribute("aria-busy", busy);
  }

  // Shows a partial or complete result: curves at once, the headline, which screen readers read out, only when complete.
  show(result) {
    if (result.activity) {
      this.wait(`${result.activity} …`);
      return;
    }
    this.latest = result;
    const complete = result.runs === result.total_runs;
    this.setBusy(!complete);
    this.progress(result, complete);
    for (const curve of result.curves.slice(0, FIRST_CURVES)) this.chart(curve, byId("first-curves")).show({ ...curve, runs: result.runs });
    if (this.details.open) this.table();
    if (complete) this.showHeadline(result.unchanged ? [...result.headline, HINT] : result.headline);
  }

  showHeadline(sentences) {
    const text = sentences.join(" ");
    if (byId("headline").dataset.text === text) return;
    byId("headline").dataset.text = text;
    byId("headline").replaceChildren(...sentences.map((sentence) => element("p", {}, sentence)));
  }

  progress({ runs, total_runs: total, failed }, complete) {
    const bar = byId("progress-bar");
    bar.hidden = complete;
    bar.max = total;
    bar.value = runs;
    const failures = failed ? `; ${failed} failed, because the parameters are extreme` : "";
    byId("progress-text").textContent = complete ? `${plural(total, "run")}${failures}.` : `${runs} of ${total} runs so far …`;
  }

  // Shows the month of the map on all charts.
  showMonth(month) {
    this.month = month;
    for (const chart of this.charts.values()) chart.showMonth(month);
  }

  chart(curve, parent) {
    if (!this.charts.has(curve.measure)) {
      const box = element("div", { class: "chart", id: `chart-${curve.measure}` });
      parent.append(box);
      this.charts.set(curve.measure, new Chart(box));
      this.charts.get(curve.measure).showMonth(this.month);
    }
    return this.charts.get(curve.measure);
  }

  table() {
    const { table, curves, unchanged, runs } = this.latest;
    this.sheet ??= element("div", { class: "sheet", tabIndex: 0, role: "region", "aria-label": "Table of differences" });
    this.more ??= element("div");
    if (!this.sheet.isConnected) this.inside.replaceChildren(element("div", { class: "beside" }, this.sheet, this.more));
    this.sheet.replaceChildren(unchanged ? this.finalValues(table) : this.differences(table), element("p", { class: "small" }, table.caution));
    for (const curve of curves.slice(FIRST_CURVES)) this.chart(curve, this.more).show({ ...curve, runs });
  }

  differences({ headings, rows }) {
    const head = headings.map((heading) => (heading ? element("th", { scope: "col" }, heading) : element("td")));
    const lines = rows.map(([label, ...cells]) =>
      element("tr", {}, element("th", { scope: "row" }, label), ...cells.map((cell) => element("td", {}, cell))));
    return element("table", { id: "differences" }, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...lines));
  }

  finalValues({ final_values: values }) {
    const lines = values.map(({ label, value }) =>
      element("tr", {}, element("th", { scope: "row" }, label), element("td", {}, value)));
    const head = element("tr", {}, element("td"), element("th", { scope: "col" }, "Baseline"));
    return element("table", {}, element("thead", {}, head), element("tbody", {}, ...lines));
  }
}
