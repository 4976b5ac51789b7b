// The charts of the report, live: drawn once from their specification, then given new numbers.

let library = null;

// The library comes from the same server, when the first chart is drawn, or stands in the same file.
export function charting() {
  library ??= window.vegaEmbed ? Promise.resolve(window.vegaEmbed) : import("/vega.js").then(() => window.vegaEmbed);
  return library;
}

// No code is made from text, which the page's own rules forbid; no styles are put into the page.
const OPTIONS = { actions: false, ast: true, renderer: "svg", defaultStyle: false, tooltip: false, hover: false };

export async function drawOnce(place, specification) {
  const embed = await charting();
  return embed(place, specification, OPTIONS);
}

// What is drawn is told by the words of the place around it, and not mark by mark.
export function hiddenBox() {
  const box = document.createElement("div");
  box.setAttribute("aria-hidden", "true");
  return box;
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
    this.inside = hiddenBox();
    place.append(this.inside);
    place.setAttribute("role", "img");
    this.mark = null;
    this.drawn = null;
    this.latest = null;
    this.busy = false;
    this.cursor = document.createElement("div");
    this.cursor.className = "cursor";
    this.cursor.hidden = true;
    place.append(this.cursor);
  }

  // A thin line at the month that the map shows.
  at(month) {
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

  // What somebody expected at the end, marked there.
  expect(value, words) {
    this.expected = document.createElement("div");
    this.expected.className = "expected";
    this.expected.textContent = words;
    this.expected.hidden = true;
    this.expectedValue = value;
    this.place.append(this.expected);
  }

  putExpected() {
    if (!this.expected) return;
    const { view } = this.drawn;
    const svg = this.inside.querySelector("svg");
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    const [left, top] = view.origin();
    const { style } = this.expected;
    style.left = `${scale * (left + view.padding().left)}px`;
    style.width = `${scale * view.width()}px`;
    style.top = `${scale * (top + view.padding().top + view.scale("y")(this.expectedValue))}px`;
    this.expected.hidden = false;
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
    const rows = rowsOf(curve);
    if (this.mark === curve.mark) {
      await this.drawn.view.data(curve.data, rows).runAsync();
    } else {
      this.drawn?.finalize();
      const whole = { ...curve.specification, datasets: { [curve.data]: rows } };
      this.drawn = await drawOnce(this.inside, whole);
      this.mark = curve.mark;
      this.unit = curve.unit;
    }
    this.at(this.month);
    this.putExpected();
    this.place.setAttribute("aria-label", curve.alt);
    this.place.dataset.worlds = curve.worlds;
    this.place.dataset.end = JSON.stringify(endsOf(curve));
  }
}

const endsOf = ({ arms }) => Object.fromEntries(Object.entries(arms).map(([arm, { median }]) => [arm, median.at(-1)]));
