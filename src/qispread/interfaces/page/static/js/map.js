// The map: everybody stands in the same place in every month and arm; colours tell what they do.
import { drawn, percent } from "./words.js";

const SIDE = 1000;
const MOST_TIES = 6000;
const ARROW = 11;

function between(low, high, part) {
  const mixed = [1, 3, 5].map((place) => {
    const [first, last] = [low, high].map((colour) => parseInt(colour.slice(place, place + 2), 16));
    return Math.round(first + part * (last - first));
  });
  return `rgb(${mixed.join(" ")})`;
}

export function fidelityColour(share, colours) {
  const place = share * (colours.length - 1);
  const low = Math.min(Math.floor(place), colours.length - 2);
  return between(colours[low], colours[low + 1], place - low);
}

const clamped = (value, low, high) => Math.min(Math.max(value, low), high);

export class NetworkMap {
  constructor(place, colours, { chosen, looked }) {
    Object.assign(this, { place, colours, chosen, looked });
    this.svg = drawn("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, tabindex: "0", role: "listbox", "aria-label": "Organisations" });
    this.layers = Object.fromEntries(["ties", "rings", "nodes", "arrows"].map((name) => [name, drawn("g")]));
    this.svg.append(...Object.values(this.layers));
    place.append(this.svg);
    this.world = null;
    this.active = null;
    this.colour = "fidelity";
    this.listen();
  }

  listen() {
    const of = (event) => event.target.dataset?.who;
    this.svg.addEventListener("pointerover", (event) => of(event) !== undefined && this.look(Number(of(event))));
    this.svg.addEventListener("pointerleave", () => document.activeElement !== this.svg && this.look(null));
    this.svg.addEventListener("click", (event) => of(event) !== undefined && this.choose(Number(of(event))));
    this.svg.addEventListener("keydown", (event) => this.key(event));
    this.svg.addEventListener("focus", () => this.active === null && this.world && this.look(this.first()));
    this.svg.addEventListener("blur", () => this.look(null));
  }

  first() {
    return [...this.world.origins][0] ?? 0;
  }

  choose(who) {
    this.look(who);
    this.chosen(who);
  }

  key(event) {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (!this.world) return;
    if (event.key in ways) this.look(this.nearest(this.active ?? this.first(), ways[event.key]));
    else if (event.key === "Home") this.look(this.first());
    else if ((event.key === "Enter" || event.key === " ") && this.active !== null) this.chosen(this.active);
    else if (event.key === "Escape") this.look(null);
    else return;
    event.preventDefault();
  }

  // The nearest in a direction; those far aside count as farther away.
  nearest(who, [right, down]) {
    const { x, y } = this.world;
    let best = who;
    let least = Infinity;
    for (let other = 0; other < x.length; other += 1) {
      const [across, below] = [x[other] - x[who], y[who] - y[other]];
      const along = across * right + below * down;
      const aside = Math.abs(across * down) + Math.abs(below * right);
      if (along > 1e-9 && along + 2.2 * aside < least) [best, least] = [other, along + 2.2 * aside];
    }
    return best;
  }

  // A world to show; the places are made anew only where they are others.
  show(world, month, colour) {
    const moved = !this.world || this.world.x.join() !== world.x.join() || this.world.ids.join() !== world.ids.join();
    this.world = world;
    this.colour = colour;
    this.tied = null;
    if (moved) this.placeNodes();
    this.ring();
    this.at(month, true);
  }

  point(who) {
    return [this.world.x[who] * SIDE, (1 - this.world.y[who]) * SIDE];
  }

  placeNodes() {
    const { size, ids, closest } = this.world;
    const widest = (clamped(Number.isFinite(closest) ? closest : 0.1, 0.012, 0.09) * SIDE) / 2;
    const most = Math.max(...size, 1);
    this.radius = size.map((one) => widest * (0.42 + 0.55 * Math.sqrt(one / most)));
    // Room for whoever stands at the edge.
    const room = Math.ceil(Math.max(...this.radius, 0)) + 8;
    this.svg.setAttribute("viewBox", `${-room} ${-room} ${SIDE + 2 * room} ${SIDE + 2 * room}`);
    this.nodes = ids.map((_, who) => {
      const [x, y] = this.point(who);
      return drawn("circle", { id: `place-${who}`, cx: x, cy: y, r: this.radius[who], class: "node", role: "option", "aria-selected": "false", "data-who": who });
    });
    this.layers.nodes.replaceChildren(...this.nodes);
    this.active = null;
  }

  ring() {
    const rings = [...this.world.origins].map((who) => {
      const [x, y] = this.point(who);
      return drawn("circle", { cx: x, cy: y, r: this.radius[who] + 6, class: "origin" });
    });
    this.layers.rings.replaceChildren(...rings);
  }

  tie(month) {
    const pairs = this.world.ties(month);
    if (pairs === this.tied) return;
    this.tied = pairs;
    this.crowded = pairs.length > 2 * MOST_TIES;
    if (this.crowded) {
      this.layers.ties.replaceChildren();
      return;
    }
    const parts = [];
    for (let place = 0; place < pairs.length; place += 2)
      parts.push(`M${this.point(pairs[place]).join(" ")}L${this.point(pairs[place + 1]).join(" ")}`);
    this.layers.ties.replaceChildren(drawn("path", { class: "tie", d: parts.join("") }));
  }

  at(month, named) {
    this.month = month;
    this.tie(month);
    this.nodes.forEach((node, who) => {
      const stage = this.world.stage(who, month);
      const fill = this.fill(who, stage);
      if (node.dataset.fill !== fill) {
        node.setAttribute("fill", fill);
        node.dataset.fill = fill;
      }
      if (node.dataset.stage !== stage) {
        node.dataset.stage = stage;
        node.setAttribute("class", stage === "discontinued" ? "node discontinued" : "node");
      }
      if (named) node.setAttribute("aria-label", this.words(who));
    });
    this.pointOut();
  }

  fill(who, stage) {
    if (this.colour === "stage") return this.colours.stage[stage];
    const share = this.world.fidelity(who, this.month);
    return share === null ? "#ffffff" : fidelityColour(share, this.colours.fidelity);
  }

  words(who) {
    const { world, month } = this;
    const share = world.fidelity(who, month);
    const stage = world.stage(who, month);
    if (share === null) return `${world.names[who]}: ${stage}`;
    const one = world.beginning(who, month);
    const origin = world.origins.has(who) && !one?.copies;
    const from = !one || origin ? "where it began" : `copy number ${one.copies}, from ${world.source(one.from)}`;
    return `${world.names[who]}: ${stage}, ${percent(share)} of the core intact, ${from}`;
  }

  look(who) {
    if (this.active !== null) this.nodes?.[this.active]?.setAttribute("aria-selected", "false");
    this.active = who;
    if (who === null) this.svg.removeAttribute("aria-activedescendant");
    else {
      this.nodes[who].setAttribute("aria-selected", "true");
      this.nodes[who].setAttribute("aria-label", this.words(who));
      this.svg.setAttribute("aria-activedescendant", `place-${who}`);
    }
    this.pointOut();
  }

  // The organisation looked at, the way its version came, and who copied it.
  pointOut() {
    const { world, month, active } = this;
    if (active === null || !world) {
      this.layers.arrows.replaceChildren();
      this.looked(null);
      return;
    }
    const [x, y] = this.point(active);
    const marks = [drawn("circle", { class: "here", cx: x, cy: y, r: this.radius[active] + 4 })];
    for (const other of world.copiers(active, month)) marks.push(this.arrow(active, other, "to"));
    for (const one of world.lineage(active, month)) if (one.from >= 0) marks.push(this.arrow(one.from, one.who, "from"));
    this.layers.arrows.replaceChildren(...marks);
    this.looked(active);
  }

  arrow(from, to, name) {
    const [[x1, y1], [x2, y2]] = [this.point(from), this.point(to)];
    const length = Math.hypot(x2 - x1, y2 - y1) || 1;
    const [right, down] = [(x2 - x1) / length, (y2 - y1) / length];
    const tip = [x2 - right * (this.radius[to] + 3), y2 - down * (this.radius[to] + 3)];
    const wing = (side) => [tip[0] - ARROW * (right - side * 0.6 * down), tip[1] - ARROW * (down + side * 0.6 * right)].join(" ");
    const start = [x1 + right * this.radius[from], y1 + down * this.radius[from]];
    const path = `M${start.join(" ")}L${tip.join(" ")}M${wing(1)}L${tip.join(" ")}L${wing(-1)}`;
    return drawn("path", { class: name, d: path });
  }

  // The map as a picture of its own, with its look inside.
  picture(title) {
    const copy = this.svg.cloneNode(true);
    for (const name of ["tabindex", "role", "aria-label", "aria-activedescendant"]) copy.removeAttribute(name);
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    const look = ["fill", "stroke", "stroke-width", "stroke-dasharray"];
    const originals = this.svg.querySelectorAll("path, circle");
    copy.querySelectorAll("path, circle").forEach((mark, place) => {
      const style = getComputedStyle(originals[place]);
      for (const name of look) mark.setAttribute(name, style.getPropertyValue(name));
      for (const name of [...mark.attributes].map((one) => one.name))
        if (/^(aria|data|role|class|id)/.test(name)) mark.removeAttribute(name);
    });
    const told = drawn("title");
    told.textContent = title;
    copy.prepend(told);
    return new XMLSerializer().serializeToString(copy);
  }
}
