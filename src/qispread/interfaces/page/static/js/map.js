// The map: organisations have the same position in every month and arm; colours show fidelity or stage.
import { svgElement } from "./dom.js";
import { formatPercent } from "./text_format.js";

const SIDE = 1000;
const MAX_TIES = 6000;
const ARROW_SIZE = 11;

function interpolateColour(low, high, part) {
  const mixed = [1, 3, 5].map((start) => {
    const [first, last] = [low, high].map((colour) => parseInt(colour.slice(start, start + 2), 16));
    return Math.round(first + part * (last - first));
  });
  return `rgb(${mixed.join(" ")})`;
}

export function fidelityColour(share, colours) {
  const position = share * (colours.length - 1);
  const low = Math.min(Math.floor(position), colours.length - 2);
  return interpolateColour(colours[low], colours[low + 1], position - low);
}

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

export class NetworkMap {
  constructor(parent, colours, { onSelect, onHighlight }) {
    Object.assign(this, { colours, onSelect, onHighlight });
    this.svg = svgElement("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, tabindex: "0", role: "listbox", "aria-label": "Organisations" });
    this.layers = Object.fromEntries(["ties", "rings", "nodes", "arrows"].map((name) => [name, svgElement("g")]));
    this.svg.append(...Object.values(this.layers));
    parent.append(this.svg);
    this.run = null;
    this.active = null;
    this.colour = "fidelity";
    this.listen();
  }

  listen() {
    const indexOf = (event) => event.target.dataset?.index;
    this.svg.addEventListener("pointerover", (event) => indexOf(event) !== undefined && this.highlight(Number(indexOf(event))));
    this.svg.addEventListener("pointerleave", () => document.activeElement !== this.svg && this.highlight(null));
    this.svg.addEventListener("click", (event) => indexOf(event) !== undefined && this.select(Number(indexOf(event))));
    this.svg.addEventListener("keydown", (event) => this.handleKey(event));
    this.svg.addEventListener("focus", () => this.active === null && this.run && this.highlight(this.first()));
    this.svg.addEventListener("blur", () => this.highlight(null));
  }

  first() {
    return [...this.run.origins][0] ?? 0;
  }

  select(index) {
    this.highlight(index);
    this.onSelect(index);
  }

  handleKey(event) {
    const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (!this.run) return;
    if (event.key in directions) this.highlight(this.nearest(this.active ?? this.first(), directions[event.key]));
    else if (event.key === "Home") this.highlight(this.first());
    else if ((event.key === "Enter" || event.key === " ") && this.active !== null) this.onSelect(this.active);
    else if (event.key === "Escape") this.highlight(null);
    else return;
    event.preventDefault();
  }

  // The nearest organisation in a direction; a lateral offset counts as extra distance.
  nearest(index, [right, down]) {
    const { x, y } = this.run;
    let nearest = index;
    let minimum = Infinity;
    for (let other = 0; other < x.length; other += 1) {
      const [across, below] = [x[other] - x[index], y[index] - y[other]];
      const along = across * right + below * down;
      const aside = Math.abs(across * down) + Math.abs(below * right);
      if (along > 1e-9 && along + 2.2 * aside < minimum) [nearest, minimum] = [other, along + 2.2 * aside];
    }
    return nearest;
  }

  // Shows a run; organisations are redrawn only if their layout differs.
  show(run, month, colour) {
    const moved = !this.run || this.run.x.join() !== run.x.join() || this.run.ids.join() !== run.ids.join();
    this.run = run;
    this.colour = colour;
    this.drawnTies = null;
    if (moved) this.drawNodes();
    this.drawRings();
    this.showMonth(month, true);
  }

  point(index) {
    return [this.run.x[index] * SIDE, (1 - this.run.y[index]) * SIDE];
  }

  drawNodes() {
    const { size, ids, min_distance: distance } = this.run;
    const maxRadius = (clamp(Number.isFinite(distance) ? distance : 0.1, 0.012, 0.09) * SIDE) / 2;
    const maxSize = Math.max(...size, 1);
    this.radius = size.map((cases) => maxRadius * (0.42 + 0.55 * Math.sqrt(cases / maxSize)));
    // A margin for organisations at the edge.
    const margin = Math.ceil(Math.max(...this.radius, 0)) + 8;
    this.svg.setAttribute("viewBox", `${-margin} ${-margin} ${SIDE + 2 * margin} ${SIDE + 2 * margin}`);
    this.nodes = ids.map((_, index) => {
      const [x, y] = this.point(index);
      return svgElement("circle", { id: `organisation-${index}`, cx: x, cy: y, r: this.radius[index], class: "node", role: "option", "aria-selected": "false", "data-index": index });
    });
    this.layers.nodes.replaceChildren(...this.nodes);
    this.active = null;
  }

  drawRings() {
    const rings = [...this.run.origins].map((index) => {
      const [x, y] = this.point(index);
      return svgElement("circle", { cx: x, cy: y, r: this.radius[index] + 6, class: "origin" });
    });
    this.layers.rings.replaceChildren(...rings);
  }

  drawTies(month) {
    const pairs = this.run.ties(month);
    if (pairs === this.drawnTies) return;
    this.drawnTies = pairs;
    this.crowded = pairs.length > 2 * MAX_TIES;
    if (this.crowded) {
      this.layers.ties.replaceChildren();
      return;
    }
    const parts = [];
    for (let pair = 0; pair < pairs.length; pair += 2)
      parts.push(`M${this.point(pairs[pair]).join(" ")}L${this.point(pairs[pair + 1]).join(" ")}`);
    this.layers.ties.replaceChildren(svgElement("path", { class: "tie", d: parts.join("") }));
  }

  showMonth(month, updateLabels) {
    this.month = month;
    this.drawTies(month);
    this.nodes.forEach((node, index) => {
      const stage = this.run.stage(index, month);
      const fill = this.fill(index, stage);
      if (node.dataset.fill !== fill) {
        node.setAttribute("fill", fill);
        node.dataset.fill = fill;
      }
      if (node.dataset.stage !== stage) {
        node.dataset.stage = stage;
        node.setAttribute("class", stage === "discontinued" ? "node discontinued" : "node");
      }
      if (updateLabels) node.setAttribute("aria-label", this.describe(index));
    });
    this.showLineage();
  }

  fill(index, stage) {
    if (this.colour === "stage") return this.colours.stage[stage];
    const share = this.run.fidelity(index, this.month);
    return share === null ? "#ffffff" : fidelityColour(share, this.colours.fidelity);
  }

  describe(index) {
    const { run, month } = this;
    const fidelity = run.fidelity(index, month);
    const stage = run.stage(index, month);
    if (fidelity === null) return `${run.names[index]}: ${stage}`;
    const adoption = run.adoption(index, month);
    const isOrigin = run.origins.has(index) && !adoption?.copies;
    const source = !adoption || isOrigin ? "pilot site" : `copy number ${adoption.copies}, from ${run.sourceName(adoption.from)}`;
    return `${run.names[index]}: ${stage}, ${formatPercent(fidelity)} fidelity, ${source}`;
  }

  highlight(index) {
    if (this.active !== null) this.nodes?.[this.active]?.setAttribute("aria-selected", "false");
    this.active = index;
    if (index === null) this.svg.removeAttribute("aria-activedescendant");
    else {
      this.nodes[index].setAttribute("aria-selected", "true");
      this.nodes[index].setAttribute("aria-label", this.describe(index));
      this.svg.setAttribute("aria-activedescendant", `organisation-${index}`);
    }
    this.showLineage();
  }

  // Shows the highlighted organisation, the lineage of its version, and its copiers.
  showLineage() {
    const { run, month, active } = this;
    if (active === null || !run) {
      this.layers.arrows.replaceChildren();
      this.onHighlight(null);
      return;
    }
    const [x, y] = this.point(active);
    const marks = [svgElement("circle", { class: "highlighted", cx: x, cy: y, r: this.radius[active] + 4 })];
    for (const other of run.copiers(active, month)) marks.push(this.arrow(active, other, "to"));
    for (const { from, index } of run.lineage(active, month)) if (from >= 0) marks.push(this.arrow(from, index, "from"));
    this.layers.arrows.replaceChildren(...marks);
    this.onHighlight(active);
  }

  arrow(from, to, name) {
    const [[x1, y1], [x2, y2]] = [this.point(from), this.point(to)];
    const length = Math.hypot(x2 - x1, y2 - y1) || 1;
    const [right, down] = [(x2 - x1) / length, (y2 - y1) / length];
    const tip = [x2 - right * (this.radius[to] + 3), y2 - down * (this.radius[to] + 3)];
    const wing = (side) => [tip[0] - ARROW_SIZE * (right - side * 0.6 * down), tip[1] - ARROW_SIZE * (down + side * 0.6 * right)].join(" ");
    const start = [x1 + right * this.radius[from], y1 + down * this.radius[from]];
    const path = `M${start.join(" ")}L${tip.join(" ")}M${wing(1)}L${tip.join(" ")}L${wing(-1)}`;
    return svgElement("path", { class: name, d: path });
  }

  // The map as a stand-alone SVG, with its styles inside.
  toSvg(title) {
    const copy = this.svg.cloneNode(true);
    for (const name of ["tabindex", "role", "aria-label", "aria-activedescendant"]) copy.removeAttribute(name);
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    const styleNames = ["fill", "stroke", "stroke-width", "stroke-dasharray"];
    const originals = this.svg.querySelectorAll("path, circle");
    copy.querySelectorAll("path, circle").forEach((mark, index) => {
      const style = getComputedStyle(originals[index]);
      for (const name of styleNames) mark.setAttribute(name, style.getPropertyValue(name));
      for (const name of [...mark.attributes].map((attribute) => attribute.name))
        if (/^(aria|data|role|class|id)/.test(name)) mark.removeAttribute(name);
    });
    const heading = svgElement("title");
    heading.textContent = title;
    copy.prepend(heading);
    return new XMLSerializer().serializeToString(copy);
  }
}
