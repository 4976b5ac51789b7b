// What it comes to: the answer in words, the curves, and the table of differences when somebody asks for it.
import { Chart } from "./charts.js";
import { element, find, several } from "./words.js";

const FIRST = 3;
const HINT = "Switch something on to see what it would change.";

export class Result {
  constructor() {
    this.charts = new Map();
    this.latest = null;
    this.numbers = find("numbers");
    this.inside = this.numbers.querySelector("div");
    this.numbers.addEventListener("toggle", () => this.latest && this.table());
  }

  waiting(doing) {
    this.busy(true);
    if (doing) find("doing").textContent = doing;
  }

  busy(yes) {
    find("result").setAttribute("aria-busy", yes);
  }

  // A part of an answer: curves at once; the sentences, which are read out, only when all worlds have been run.
  show(answer) {
    if (answer.doing) {
      this.waiting(`${answer.doing} …`);
      return;
    }
    this.latest = answer;
    const whole = answer.worlds === answer.asked;
    this.busy(!whole);
    this.progress(answer, whole);
    answer.curves.slice(0, FIRST).forEach((curve) => this.chart(curve, find("first-curves")).show({ ...curve, worlds: answer.worlds }));
    if (this.numbers.open) this.table();
    if (whole) this.say(answer.same ? [...answer.headline, HINT] : answer.headline);
  }

  say(sentences) {
    const words = sentences.join(" ");
    if (find("headline").dataset.said === words) return;
    find("headline").dataset.said = words;
    find("headline").replaceChildren(...sentences.map((one) => element("p", {}, one)));
  }

  progress({ worlds, asked, failed }, whole) {
    const bar = find("bar");
    bar.hidden = whole;
    bar.max = asked;
    bar.value = worlds;
    const lost = failed ? `; ${failed} failed, because the parameters are extreme` : "";
    find("doing").textContent = whole ? `${several(asked, "world")}${lost}.` : `The curves show ${worlds} of ${asked} worlds so far …`;
  }

  // The month that the map shows, on the charts of the first screen.
  at(month) {
    this.month = month;
    for (const chart of this.charts.values()) chart.at(month);
  }

  chart(curve, place) {
    if (!this.charts.has(curve.measure)) {
      const box = element("div", { class: "chart", id: `chart-${curve.measure}` });
      place.append(box);
      this.charts.set(curve.measure, new Chart(box));
      this.charts.get(curve.measure).at(this.month);
    }
    return this.charts.get(curve.measure);
  }

  table() {
    const { table, curves, same, worlds } = this.latest;
    this.sheet ??= element("div", { class: "sheet", tabIndex: 0, role: "region", "aria-label": "Table of differences" });
    this.more ??= element("div");
    if (!this.sheet.isConnected) this.inside.replaceChildren(element("div", { class: "beside" }, this.sheet, this.more));
    this.sheet.replaceChildren(same ? this.ends(table) : this.differences(table), element("p", { class: "small" }, table.caution));
    curves.slice(FIRST).forEach((curve) => this.chart(curve, this.more).show({ ...curve, worlds }));
  }

  differences({ headings, rows }) {
    const words = (one) => (one === "Arm" ? "What-if" : one);
    const head = headings.map((one) => (one ? element("th", { scope: "col" }, words(one)) : element("td")));
    const lines = rows.map(([first, ...rest]) =>
      element("tr", {}, element("th", { scope: "row" }, first), ...rest.map((cell) => element("td", {}, cell))));
    return element("table", { id: "differences" }, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...lines));
  }

  ends({ ends }) {
    const lines = ends.map(({ label, value }) =>
      element("tr", {}, element("th", { scope: "row" }, label), element("td", {}, value)));
    const head = element("tr", {}, element("td"), element("th", { scope: "col" }, "Base"));
    return element("table", {}, element("thead", {}, head), element("tbody", {}, ...lines));
  }
}
