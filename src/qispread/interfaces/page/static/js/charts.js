// Live charts: drawn once from a Vega specification, then updated with new data.

let library = null;

// The chart library is loaded from the same server with the first chart, or is part of the offline file.
export function loadLibrary() {
  library ??= window.vegaEmbed ? Promise.resolve(window.vegaEmbed) : import("/vega.js").then(() => window.vegaEmbed);
  return library;
}

// Interpreted expressions (ast), since the content security policy forbids eval; no inline styles.
const OPTIONS = { actions: false, ast: true, renderer: "svg", defaultStyle: false, tooltip: false, hover: false };

export async function drawChart(parent, specification) {
  const embed = await loadLibrary();
  return embed(parent, specification, OPTIONS);
}

// A chart's marks are hidden from screen readers; the element around it has the description.
export function hiddenBox() {
  const box = document.createElement("div");
  box.setAttribute("aria-hidden", "true");
  return box;
}

export function toRows({ arms, unit }) {
  const rows = [];
  for (const [arm, { median, p5, p95 }] of Object.entries(arms))
    for (let month = 0; month < median.length; month += 1)
      rows.push({ time: month / unit, arm, median: median[month], p5: p5[month], p95: p95[month] });
  return rows;
}

export class Chart {
  constructor(parent) {
    this.parent = parent;
    this.inside = hiddenBox();
    parent.append(this.inside);
    parent.setAttribute("role", "img");
    this.chartId = null;
    this.drawn = null;
    this.latest = null;
    this.busy = false;
    this.cursor = document.createElement("div");
    this.cursor.className = "cursor";
    this.cursor.hidden = true;
    parent.append(this.cursor);
  }

  // Shows a thin line at the month of the map.
  showMonth(month) {
    this.month = month;
    if (!this.drawn || month === undefined) return;
    const { view } = this.drawn;
    const svg = this.inside.querySelector("svg");
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    const [left, top] = view.origin();
    const { style } = this.cursor;
    style.left = `${scale * (left + view.padding().left + view.scale("x")(month / this.unit))}px`;
    style.top = `${scale * (top + view.padding().top)}px`;
    style.height = `${scale * view.height()}px`;
    this.cursor.hidden = false;
  }

  // Marks a prediction for the end.
  markPrediction(value, label) {
    this.prediction = document.createElement("div");
    this.prediction.className = "predicted";
    this.prediction.textContent = label;
    this.prediction.hidden = true;
    this.predictedValue = value;
    this.parent.append(this.prediction);
  }

  placePrediction() {
    if (!this.prediction) return;
    const { view } = this.drawn;
    const svg = this.inside.querySelector("svg");
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    const [left, top] = view.origin();
    const { style } = this.prediction;
    style.left = `${scale * (left + view.padding().left)}px`;
    style.width = `${scale * view.width()}px`;
    style.top = `${scale * (top + view.padding().top + view.scale("y")(this.predictedValue))}px`;
    this.prediction.hidden = false;
  }

  // Draws the latest data; data that were superseded while drawing are skipped.
  async show(curve) {
    this.latest = curve;
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.latest) {
        const next = this.latest;
        this.latest = null;
        await this.draw(next);
      }
    } finally {
      this.busy = false;
    }
  }

  async draw(curve) {
    const rows = toRows(curve);
    if (this.chartId === curve.chart_id) {
      await this.drawn.view.data(curve.data, rows).runAsync();
    } else {
      this.drawn?.finalize();
      const specification = { ...curve.specification, datasets: { [curve.data]: rows } };
      this.drawn = await drawChart(this.inside, specification);
      this.chartId = curve.chart_id;
      this.unit = curve.unit;
    }
    this.showMonth(this.month);
    this.placePrediction();
    this.parent.setAttribute("aria-label", curve.alt);
    this.parent.dataset.runs = curve.runs;
    this.parent.dataset.end = JSON.stringify(finalValues(curve));
  }
}

const finalValues = ({ arms }) => Object.fromEntries(Object.entries(arms).map(([arm, { median }]) => [arm, median.at(-1)]));
