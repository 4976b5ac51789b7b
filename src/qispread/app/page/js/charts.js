// The charts of the report, live: drawn once from their specification, then given new numbers.

let library = null;

// The library comes from the same server, when the first chart is drawn.
export function charting() {
  library ??= import("/vega.js").then(() => ({ embed: window.vegaEmbed, vega: window.vega }));
  return library;
}

// No code is made from text, which the page's own rules forbid; no styles are put into the page.
const OPTIONS = { actions: false, ast: true, renderer: "svg", defaultStyle: false, tooltip: false, hover: false };

export async function drawOnce(place, specification) {
  const { embed } = await charting();
  return embed(place, specification, OPTIONS);
}

export function rowsOf({ arms, unit }) {
  const rows = [];
  for (const [arm, { median, p5, p95 }] of Object.entries(arms))
    for (let month = 0; month < median.length; month += 1)
      rows.push({ time: month / unit, arm, median: median[month], p5: p5[month], p95: p95[month] });
  return rows;
}

export class Chart {
  constructor(place) {
    this.place = place;
    this.inside = document.createElement("div");
    place.append(this.inside);
    place.setAttribute("role", "img");
    this.mark = null;
    this.drawn = null;
    this.latest = null;
    this.busy = false;
  }

  // The newest numbers win; those that came while it drew and were followed by others are never drawn.
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
    const { vega } = await charting();
    const rows = rowsOf(curve);
    if (this.mark === curve.mark) {
      const change = vega.changeset().remove(() => true).insert(rows);
      await this.drawn.view.change(curve.data, change).runAsync();
    } else {
      this.drawn?.finalize();
      const whole = { ...curve.specification, datasets: { [curve.data]: rows } };
      this.drawn = await drawOnce(this.inside, whole);
      this.mark = curve.mark;
    }
    this.place.setAttribute("aria-label", curve.alt);
    this.place.dataset.end = JSON.stringify(endsOf(curve));
  }
}

const endsOf = ({ arms }) => Object.fromEntries(Object.entries(arms).map(([arm, { median }]) => [arm, median.at(-1)]));
