// Take it with you: scenario, report, tables, pictures. Bring your own: a scenario, organisations, ties.
import { faultText } from "./server.js";
import { BASE, WHAT_IF } from "./state.js";
import { waited } from "./waiting.js";
import { element, find } from "./words.js";

const MOST_BYTES = 3 * 2 ** 20;

export class Files {
  constructor(state, source, map, file) {
    Object.assign(this, { state, source, map, file });
    this.details = find("files");
    this.inside = this.details.querySelector("div");
    this.details.addEventListener("toggle", () => this.details.open && !this.drawn && this.draw());
  }

  draw() {
    this.drawn = true;
    this.said = element("div", { role: "status", class: "small" });
    const parts = this.file ? [this.fromFile()] : [this.take(), this.bring()];
    this.inside.replaceChildren(element("div", { class: "pair" }, ...parts), this.said);
  }

  button(words, act) {
    const made = element("button", { type: "button" }, words);
    made.addEventListener("click", async () => {
      made.disabled = true;
      try {
        await act();
      } catch (error) {
        this.fail(error);
      }
      made.disabled = false;
    });
    return made;
  }

  take() {
    const { source, state } = this;
    const row = (words, ...buttons) => element("div", { class: "row" }, element("span", {}, words), ...buttons);
    const keep = (words, ask) => this.button(words, async () => save(await ask()));
    return element("div", {},
      element("h3", {}, "Take it with you"),
      row("Scenario, which qispread run and compare read:", keep("Base", () => source.yaml(state.asked, BASE)), keep("What-if", () => source.yaml(state.asked, WHAT_IF))),
      row("Report to read and print:", this.button("Write report", () => this.report())),
      row("Tables as CSV:", keep("Curves", () => source.table(state.asked, "curves")), keep("Differences", () => source.table(state.asked, "differences"))),
      row("Pictures:", this.button("Map", () => this.picture()),
        ...["current_use", "fidelity", "effect", "event_rate"].map((one) => keep(one, () => source.picture(state.asked, one, "png")))));
  }

  fromFile() {
    return element("div", {},
      element("div", { class: "row" }, element("span", {}, "Picture:"), this.button("Map", () => this.picture())),
      element("p", { class: "small" }, "This file was written by qispread lesson. The page of qispread app gives scenarios, reports and tables, and reads your own."));
  }

  bring() {
    const input = element("input", { type: "file", multiple: true, accept: ".yaml,.yml,.csv", id: "upload" });
    input.addEventListener("change", () => this.upload([...input.files]).catch((error) => this.fail(error)));
    const back = this.button("Back to the scenario that the page opened with", async () => {
      input.value = "";
      this.state.use(null, null);
      this.say("The page shows the scenario that it opened with.");
    });
    return element("div", {},
      element("h3", {}, "Bring your own"),
      element("p", { class: "small" }, "A scenario (YAML) with the tables that it names, or tables (CSV) of organisations, with a column id, and of ties, with columns from and to. They stay on this computer, and in this page alone."),
      element("div", { class: "row" }, element("label", { htmlFor: "upload" }, "Choose files together:"), input),
      element("div", { class: "row" }, back));
  }

  say(...children) {
    this.said.replaceChildren(...children);
  }

  fail(error) {
    if (error.name === "AbortError") return;
    const faults = error.faults ?? [{ problem: error.message }];
    this.say(element("p", { role: "alert" }, "This could not be done:"), element("ul", {}, ...faults.slice(0, 20).map((one) => element("li", {}, faultText(one)))));
  }

  picture() {
    const { name } = this.state.parameters;
    const title = `${name}, ${this.state.arm}, month ${this.map.month}`;
    save({ name: `${name}-map.svg`, content: new Blob([this.map.picture(title)], { type: "image/svg+xml" }) });
  }

  // Long work tells how far it is, and can be stopped.
  async follow(stream) {
    this.say();
    try {
      return await waited(stream, this.said, "Asking", (part) => !part.doing);
    } catch (error) {
      if (error.name === "AbortError") this.say("Cancelled.");
      throw error;
    }
  }

  async report() {
    const found = await this.follow((signal) => this.source.report(this.state.asked, signal));
    save({ name: found.name, content: new Blob([found.content], { type: found.kind }) });
    this.say("The report is in your downloads.");
  }

  async upload(files) {
    if (!files.length) return;
    const size = files.reduce((sum, one) => sum + one.size, 0);
    if (size > MOST_BYTES) throw new Error(`Too large: at most ${MOST_BYTES / 2 ** 20} MB can be read.`);
    const sent = await Promise.all(files.map(async (one) => ({ name: one.name, content: letters(await one.arrayBuffer()) })));
    const found = await this.follow((signal) => this.source.upload(this.state.asked, sent, signal));
    this.state.use(found.scenario, found.parameters);
    this.say(element("p", {}, `The page shows ${found.parameters.name} now.`), element("ul", {}, ...found.notes.map((one) => element("li", {}, one))));
  }
}

function letters(buffer) {
  const bytes = new Uint8Array(buffer);
  let text = "";
  for (let first = 0; first < bytes.length; first += 8192) text += String.fromCharCode(...bytes.subarray(first, first + 8192));
  return btoa(text);
}

export function save({ name, content }) {
  const address = URL.createObjectURL(content);
  const link = element("a", { href: address, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
