// Downloads: scenario, report, tables, figures. Uploads: a scenario, organisations, ties.
import { faultText } from "./api_client.js";
import { byId, element } from "./dom.js";
import { awaitResult } from "./progress.js";
import { BASELINE } from "./state.js";
import { OPTION } from "./url_state.js";

const FIGURES = { current_use: "Current use", fidelity: "Fidelity", effect: "Effect", event_rate: "Adverse events" };
const MAX_UPLOAD_BYTES = 3 * 2 ** 20;

export class Files {
  constructor(state, api, map, file) {
    Object.assign(this, { state, api, map, file });
    this.details = byId("files");
    this.inside = this.details.querySelector("div");
    this.details.addEventListener("toggle", () => this.details.open && !this.drawn && this.draw());
  }

  draw() {
    this.drawn = true;
    this.status = element("div", { role: "status", class: "small" });
    const parts = this.file ? [this.offlineDownloads()] : [this.downloads(), this.uploads()];
    this.inside.replaceChildren(element("div", { class: "pair" }, ...parts), this.status);
  }

  button(label, action) {
    const button = element("button", { type: "button" }, label);
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        await action();
      } catch (error) {
        this.showError(error);
      }
      button.disabled = false;
    });
    return button;
  }

  downloads() {
    const { api, state } = this;
    const row = (label, ...buttons) => element("div", { class: "row" }, element("span", {}, label), ...buttons);
    const download = (label, request) => this.button(label, async () => save(await request()));
    return element("div", {},
      element("h3", {}, "Downloads"),
      row("Scenario files for qispread run and compare:", download("Baseline", () => api.yaml(state.payload, BASELINE)), download("Your option", () => api.yaml(state.payload, OPTION))),
      row("Printable report:", this.button("Write report", () => this.report())),
      row("Tables as CSV:", download("Curves", () => api.table(state.payload, "curves")), download("Differences", () => api.table(state.payload, "differences"))),
      row("Figures:", this.button("Map", () => this.saveMap()),
        ...Object.entries(FIGURES).map(([measure, label]) => download(label, () => api.picture(state.payload, measure, "png")))));
  }

  offlineDownloads() {
    return element("div", {},
      element("div", { class: "row" }, element("span", {}, "Figure:"), this.button("Map", () => this.saveMap())),
      element("p", { class: "small" }, "This file was written by qispread lesson. Run qispread app for scenario files, reports, tables and uploads."));
  }

  uploads() {
    const input = element("input", { type: "file", multiple: true, accept: ".yaml,.yml,.csv", id: "upload" });
    input.addEventListener("change", () => this.upload([...input.files]).catch((error) => this.showError(error)));
    const back = this.button("Restore the start scenario", async () => {
      input.value = "";
      this.state.use(null, null);
      this.showStatus("The page shows the start scenario.");
    });
    return element("div", {},
      element("h3", {}, "Uploads"),
      element("p", { class: "small" }, "A scenario (YAML) with the tables that it names; or CSV tables of organisations (column id) and ties (columns from and to). They stay on this computer and are used by this page only."),
      element("div", { class: "row" }, element("label", { htmlFor: "upload" }, "Select all files together:"), input),
      element("div", { class: "row" }, back));
  }

  showStatus(...children) {
    this.status.replaceChildren(...children);
  }

  showError(error) {
    if (error.name === "AbortError") return;
    const faults = error.faults ?? [{ problem: error.message }];
    this.showStatus(element("p", { role: "alert" }, "Request failed:"), element("ul", {}, ...faults.slice(0, 20).map((fault) => element("li", {}, faultText(fault)))));
  }

  saveMap() {
    const { name } = this.state.parameters;
    const title = `${name}, ${this.state.arm}, month ${this.map.month}`;
    save({ name: `${name}-map.svg`, content: new Blob([this.map.toSvg(title)], { type: "image/svg+xml" }) });
  }

  // Runs a long request with a progress bar and a cancel button.
  async runLong(stream) {
    this.showStatus();
    try {
      return await awaitResult(stream, this.status, "Waiting", (message) => !message.activity);
    } catch (error) {
      if (error.name === "AbortError") this.showStatus("Cancelled.");
      throw error;
    }
  }

  async report() {
    const report = await this.runLong((signal) => this.api.report(this.state.payload, signal));
    save({ name: report.name, content: new Blob([report.content], { type: report.kind }) });
    this.showStatus("The report is in your downloads.");
  }

  async upload(files) {
    if (!files.length) return;
    const size = files.reduce((sum, file) => sum + file.size, 0);
    if (size > MAX_UPLOAD_BYTES) throw new Error(`Too large: at most ${MAX_UPLOAD_BYTES / 2 ** 20} MB can be uploaded.`);
    const contents = await Promise.all(files.map(async (file) => ({ name: file.name, content: encodeBase64(await file.arrayBuffer()) })));
    const uploaded = await this.runLong((signal) => this.api.upload(this.state.payload, contents, signal));
    this.state.use(uploaded.scenario, uploaded.parameters);
    this.showStatus(element("p", {}, `The page now shows ${uploaded.parameters.name}.`), element("ul", {}, ...uploaded.notes.map((note) => element("li", {}, note))));
  }
}

function encodeBase64(buffer) {
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
