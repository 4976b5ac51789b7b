// The map with its controls: which world, which arm, which month, and whose story.
import { fidelityColour, NetworkMap } from "./map.js";
import { Player } from "./player.js";
import { BASE, SETTING } from "./state.js";
import { World } from "./world.js";
import { element, find } from "./words.js";

const SETTLED = 120;
const MOST_KEPT = 12;
const HINT = "Point at an organisation to see from whom it copied; click it, or press Enter, for its story.";

export class Explore {
  constructor(state, source, colours, { story, failed, told, file }) {
    Object.assign(this, { state, source, colours, story, failed, told });
    find("which").hidden = Boolean(file);
    this.worlds = new Map();
    this.map = new NetworkMap(find("map"), colours, { chosen: (who) => this.chosen(who), looked: (who) => this.caption(who) });
    this.player = new Player((month, settled) => this.month(month, settled));
    for (const name of ["arm", "colour"])
      for (const input of document.getElementsByName(name))
        input.addEventListener("change", () => this.state.show({ [name]: input.value }));
    find("world").addEventListener("change", ({ target }) =>
      target.value && target.checkValidity() ? state.show({ world: Number(target.value) }) : target.reportValidity());
    find("intervention").addEventListener("change", ({ target }) => state.show({ intervention: target.value }));
    state.listen((what) => this.follow(what));
    this.follow(SETTING);
  }

  get question() {
    const { view, arm, asked } = this.state;
    return { setting: asked, arm, replicate: view.world - 1, intervention: view.intervention };
  }

  follow(what) {
    const { view, arm, same, horizon } = this.state;
    view.month = Math.min(view.month, horizon);
    view.world = Math.min(view.world, this.state.worlds);
    this.which();
    if (!this.player.playing) {
      this.player.set(horizon, view.month);
      this.told(view.month);
    }
    for (const input of document.getElementsByName("arm")) {
      input.checked = input.value === arm;
      input.disabled = same && input.value !== BASE;
    }
    for (const input of document.getElementsByName("colour")) input.checked = input.value === view.colour;
    this.key();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), what === SETTING && this.world ? SETTLED : 0);
  }

  // Which of the worlds, and which of several interventions, the map shows.
  which() {
    const { view, worlds, parameters } = this.state;
    const [world, select] = [find("world"), find("intervention")];
    world.max = worlds;
    if (document.activeElement !== world) world.value = view.world;
    find("of-worlds").textContent = `of ${worlds}`;
    find("intervention-box").hidden = parameters.interventions.length < 2;
    if (this.listed === parameters) return;
    this.listed = parameters;
    select.replaceChildren(...parameters.interventions.map((one) => element("option", { value: one }, one)));
    select.value = view.intervention ?? parameters.interventions[0];
  }

  async load() {
    const question = this.question;
    const mark = JSON.stringify(question.arm === BASE ? { ...question, setting: { ...question.setting, alone: {}, policies: {} } } : question);
    this.control?.abort();
    this.control = new AbortController();
    try {
      if (!this.worlds.has(mark)) this.keep(mark, new World(await this.source.world(question, this.control.signal)));
      this.world = this.worlds.get(mark);
      this.shown = question;
      this.map.show(this.world, Math.min(this.player.month, this.world.months), this.state.view.colour);
      this.key();
    } catch (error) {
      if (error.name !== "AbortError") this.failed(error);
    }
  }

  keep(mark, world) {
    this.worlds.set(mark, world);
    if (this.worlds.size > MOST_KEPT) this.worlds.delete(this.worlds.keys().next().value);
  }

  month(month, settled) {
    this.told(month);
    if (this.world) this.map.at(Math.min(month, this.world.months), settled);
    if (settled) this.state.show({ month });
  }

  chosen(who) {
    this.player.stop();
    this.story.tell(this.shown, this.world, who, this.map.month);
  }

  caption(who) {
    find("caption").textContent = who === null ? HINT : `${this.map.words(who)}.`;
  }

  key() {
    const { fidelity, stage } = this.colours;
    const crowded = Boolean(this.world) && this.map.crowded;
    if (this.keyed === this.state.view.colour && this.crowded === crowded) return;
    this.keyed = this.state.view.colour;
    this.crowded = crowded;
    const dot = (colour, words, name = "") => {
      const mark = element("span", { class: `dot ${name}` });
      mark.style.background = colour;
      return element("span", {}, mark, words);
    };
    const strip = element("span", { class: "strip" });
    strip.style.background = `linear-gradient(to right, ${fidelity.map((_, place) => fidelityColour(place / (fidelity.length - 1), fidelity)).join(", ")})`;
    const parts = this.keyed === "stage"
      ? Object.entries(stage).map(([name, colour]) => dot(colour, name, name))
      : [element("span", {}, "Core intact: none", strip, "all"), dot("#ffffff", "not in use"), dot("#ffffff", "gave it up", "discontinued")];
    parts.push(element("span", {}, "Larger: more cases. Ringed: where it began."));
    if (crowded) parts.push(element("span", {}, "There are too many ties to draw."));
    find("key").replaceChildren(...parts);
  }
}
