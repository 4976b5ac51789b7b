// One lesson: predict, see, change one thing, discuss. The answers are part of the URL, so that a page can be shared.
import { BudgetGame } from "./budget_game.js";
import { Chart, drawChart, hiddenBox } from "./charts.js";
import { element, uniqueId } from "./dom.js";
import { LatestRequest } from "./latest_request.js";
import { awaitResult, Progress } from "./progress.js";
import { compareAnswer, Questions, radioGroup } from "./questions.js";
import { emptySetting } from "./state.js";
import { formatNumber, formatPercent } from "./text_format.js";
import { encodeState, OPTION } from "./url_state.js";

const STEPS = ["Predict", "See", "Change one thing", "Discuss"];

const parseNumber = (text) => (text === "" || Number.isNaN(Number(text)) ? null : Number(text));
const parseNumbers = (text) => (text ? text.split(",").map(parseNumber) : []);

export class Lesson {
  constructor(lesson, lessons, parameters, api, { parent, onError, file }) {
    Object.assign(this, { lesson, lessons, api, onError, file });
    this.gameState = { plan: parameters.get("plan"), teams: parameters.get("room") };
    this.answers = parseNumbers(parameters.get("said"));
    this.selected = parseNumbers(parameters.get("pick"))[0] ?? null;
    this.step = Math.min(Number(parameters.get("step")) || 0, STEPS.length - 1);
    document.title = `qispread: ${lesson.title}`;
    this.stepList = element("ol", { class: "steps", "aria-label": "Steps of the lesson" },
      ...STEPS.map((name, index) => element("li", {}, name, element("span", {}, ` ${this.minutes(index)} min`))));
    this.sections = STEPS.map((name, index) => this.createSection(name, index));
    parent.replaceChildren(
      element("p", { class: "small" }, ...(file?.only ? [] : [element("a", { href: "#lessons" }, "All lessons"), " · "]), `Lesson ${lesson.number}, ${lesson.minutes.total} minutes`),
      element("h1", {}, lesson.title),
      ...lesson.story.map((text) => element("p", { class: "story" }, text)),
      this.stepList,
      ...this.sections);
    this.restore();
  }

  minutes(index) {
    return Object.values(this.lesson.minutes)[index];
  }

  createSection(name, index) {
    const heading = element("h2", { id: `step-${index}`, tabIndex: -1 }, `${index + 1}. ${name}`);
    const content = element("div");
    const section = element("section", { class: "step", hidden: true, "aria-labelledby": `step-${index}` }, heading, content);
    Object.assign(section, { heading, content });
    return section;
  }

  // Restores the steps that the URL records.
  async restore() {
    const { step } = this;
    this.showQuestions();
    this.showStep(0, false);
    if (!this.questions.complete) return;
    if (step > 0) await this.showResults(false);
    if (step > 1) this.showChoice(false);
    if (step > 2 && this.selected !== null) {
      await this.showChanges(false);
      this.showDiscussion(false);
    }
  }

  showStep(index, scroll = true) {
    this.step = index;
    this.sections[index].hidden = false;
    [...this.stepList.children].forEach((item, position) => {
      if (position === index) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    });
    if (!scroll) return;
    this.writeUrl();
    this.sections[index].heading.focus({ preventScroll: true });
    const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.sections[index].scrollIntoView({ behavior: reducedMotion ? "auto" : "smooth" });
  }

  writeUrl() {
    const pairs = [["lesson", this.lesson.name]];
    if (this.step) pairs.push(["step", this.step]);
    const answers = this.questions.values;
    if (answers.some((answer) => answer !== null)) pairs.push(["said", answers.map((answer) => answer ?? "").join(",")]);
    if (this.selected !== null) pairs.push(["pick", this.selected]);
    if (this.gameState.plan) pairs.push(["plan", this.gameState.plan]);
    if (this.gameState.teams) pairs.push(["room", encodeURIComponent(this.gameState.teams)]);
    history.replaceState(null, "", `#${pairs.map(([name, value]) => `${name}=${value}`).join("&")}`);
  }

  showQuestions() {
    const { content } = this.sections[0];
    const button = element("button", { type: "button", class: "main", disabled: true }, "Show the model's results");
    const hint = element("span", { class: "small", role: "status" });
    const update = () => {
      button.disabled = !this.questions.complete;
      hint.textContent = this.questions.complete ? "" : "Answer every question first. There are no wrong answers.";
      this.writeUrl();
    };
    this.questions = new Questions(this.lesson.questions, this.answers, update);
    this.resultsButton = button;
    button.addEventListener("click", () => this.showResults(true));
    content.append(...this.questions.controls, element("p", { class: "row" }, button, hint));
    update();
  }

  // Requests one step with a progress bar; after a failure or cancellation it can be repeated.
  async request(payload, parent) {
    const stream = (signal) => this.api.lesson({ lesson: this.lesson.name, ...payload }, signal);
    for (;;) {
      try {
        return await awaitResult(stream, parent, "Running the simulations", (message) => message.runs);
      } catch (error) {
        const cancelled = error.name === "AbortError";
        if (!cancelled) this.onError(error);
        await this.confirmRetry(parent, cancelled ? "Cancelled." : "The request failed.");
      }
    }
  }

  // Waits until the retry button is clicked.
  async confirmRetry(parent, message) {
    const button = element("button", { type: "button" }, "Run the simulations");
    const row = element("div", { class: "row" }, element("span", { role: "status" }, message), button);
    parent.append(row);
    button.focus();
    await new Promise((resolve) => button.addEventListener("click", resolve, { once: true }));
    row.remove();
  }

  async showResults(scroll) {
    this.resultsButton.hidden = true;
    const { content } = this.sections[1];
    this.questions.lock();
    this.showStep(1, scroll);
    const results = await this.request({ part: "seen" }, content);
    const comparisons = this.lesson.questions.map((question, index) => {
      const [prediction, answer] = compareAnswer(question, this.questions.values[index], results.answers[index]);
      return element("li", {}, element("span", { class: "small" }, question.question), element("span", {}, prediction), element("strong", {}, answer));
    });
    const charts = element("div", { class: "charts" });
    const button = element("button", { type: "button", class: "main" }, "What would change it?");
    button.addEventListener("click", () => this.showChoice(true));
    content.append(
      element("ul", { class: "comparisons" }, ...comparisons), charts,
      element("p", { class: "small" }, `Lines: median of ${results.runs} runs. Bands: 90% of runs. Bars: distribution of runs at the end.`),
      ...results.statements.map((text) => element("p", { class: "statement" }, text)), element("p", { class: "row" }, button));
    const prediction = (measure) => {
      const index = results.answers.findIndex((answer) => answer.measure === measure);
      return index < 0 ? null : this.questions.values[index];
    };
    results.curves.forEach((curve) => this.addCurve(charts, curve, results.runs, prediction(curve.measure)));
    this.addStaticChart(charts, results.distribution, prediction(results.distribution.measure));
    this.choiceButton = button;
  }

  addCurve(parent, curve, runs, prediction) {
    const box = element("div", { class: "chart", "data-measure": curve.measure });
    parent.append(box);
    const chart = new Chart(box);
    if (prediction !== null) chart.markPrediction(prediction, `you: ${formatPercent(prediction)}`);
    chart.show({ ...curve, runs });
    return chart;
  }

  // A chart that does not change; the prediction is a line in it.
  addStaticChart(parent, { specification, alt, measure }, prediction = null) {
    const box = hiddenBox();
    parent.append(element("div", { class: "chart still", role: "img", "aria-label": alt, "data-measure": measure ?? "" }, box));
    const line = prediction === null ? [] : [{ value: prediction, label: "you" }];
    drawChart(box, { ...specification, datasets: { ...specification.datasets, guess: line } }).catch(this.onError);
  }

  showChoice(scroll) {
    const { content } = this.sections[2];
    const { question, options } = this.lesson.choice;
    this.showStep(2, scroll);
    if (this.choiceButton) this.choiceButton.hidden = true;
    const button = element("button", { type: "button", class: "main", disabled: this.selected === null }, "Show the effect of each");
    const control = radioGroup(question, options, this.selected, (index) => {
      this.selected = index;
      button.disabled = false;
      this.writeUrl();
    });
    button.addEventListener("click", async () => {
      await this.showChanges(true);
      this.showDiscussion(true);
    });
    this.choice = { control, button };
    content.append(control, element("p", { class: "row" }, button));
  }

  async showChanges(updateUrl) {
    const { content } = this.sections[2];
    const { control, button } = this.choice;
    const { options } = this.lesson.choice;
    button.hidden = true;
    for (const input of control.querySelectorAll("input")) input.disabled = true;
    const results = await this.request({ part: "changed" }, content);
    const correct = results.best.includes(this.selected);
    const best = results.best.map((index) => options[index]).join(" or ");
    const chart = element("div");
    const statements = results.statements.map((text) => element("p", { class: "statement" }, text));
    content.append(
      element("p", { class: "comparison" }, `Your choice: ${options[this.selected]}. `,
        element("strong", {}, correct ? "The model agrees." : `The model: ${best}.`)),
      element("div", { class: "changes" }, chart, element("div", {}, ...statements)), this.createSlider());
    this.addStaticChart(chart, results.changes);
    if (updateUrl) this.writeUrl();
  }

  // A slider for one change; its curves are updated.
  createSlider() {
    const { label, unit, values, start, arm } = this.lesson.slider;
    const id = uniqueId("slider");
    const valueText = (index) => `${formatNumber(values[index])}${unit ? ` ${unit}` : ""}`;
    const output = element("output", { htmlFor: id }, valueText(start));
    const input = element("input", { id, type: "range", min: 0, max: values.length - 1, step: 1, "aria-valuetext": valueText(start) });
    input.value = start;
    const charts = element("div", { class: "charts" });
    const result = element("p", { class: "slider-result", role: "status" });
    const drawn = new Map();
    const progressBox = element("div");
    let progress = null;
    const endProgress = () => {
      progress?.remove();
      progress = null;
    };
    const cancel = () => {
      latest.cancel();
      endProgress();
      result.textContent = "Cancelled. Move the slider to run the simulations.";
      input.focus();
    };
    const request = (index) => {
      progress ??= new Progress(progressBox, "Running the simulations", cancel);
      latest.request(values[index]);
    };
    const latest = new LatestRequest((value, signal) => this.api.lesson({ lesson: this.lesson.name, part: "moved", value }, signal), {
      onMessage: (message) => {
        if (!message.runs) {
          progress?.update(message);
          return;
        }
        endProgress();
        for (const curve of message.curves) {
          if (!drawn.has(curve.measure)) drawn.set(curve.measure, this.addCurve(charts, curve, message.runs, null));
          else drawn.get(curve.measure).show({ ...curve, runs: message.runs });
        }
        result.textContent = message.statement;
        result.dataset.value = message.value;
      },
      onError: (error) => {
        endProgress();
        this.onError(error);
      },
    });
    input.addEventListener("input", () => {
      output.textContent = valueText(Number(input.value));
      input.setAttribute("aria-valuetext", output.textContent);
      request(Number(input.value));
    });
    request(start);
    const control = element("div", { class: "slider" }, element("label", { class: "label", htmlFor: id }, label), output, input);
    return element("div", { class: "try" }, element("h3", {}, `Try it: ${arm}`), control, progressBox, result, charts);
  }

  showDiscussion(updateUrl) {
    const { content } = this.sections[3];
    this.showStep(3, false);
    if (updateUrl) this.writeUrl();
    const { discuss, omissions, sources, number, budget } = this.lesson;
    const next = this.lessons.find((lesson) => lesson.number === number + 1);
    content.append(
      element("ol", { class: "discuss" }, ...discuss.map((text) => element("li", {}, text))),
      element("h3", {}, "What the model leaves out"), element("p", {}, omissions),
      ...(sources.length ? [element("h3", {}, "Sources"), element("ul", { class: "small" }, ...sources.map((source) => element("li", {}, source)))] : []));
    if (budget) {
      const game = element("section", { class: "game", "aria-labelledby": "game-title" });
      content.append(game);
      new BudgetGame(budget, this.gameState, this.api, { parent: game, onError: this.onError, file: this.file, onChange: () => this.writeUrl() });
    }
    content.append(element("p", { class: "row" },
      ...(this.file ? [] : [element("a", { href: this.exploreUrl() }, "Explore this option on the page")]),
      ...(next ? [element("a", { href: `#lesson=${next.name}` }, `Lesson ${next.number}: ${next.title}`)] : [])));
  }

  exploreUrl() {
    const { setting } = this.lesson;
    if (!setting) return "#";
    const view = { month: 0, world: 1, arm: OPTION, colour: "fidelity", intervention: null };
    return `#${encodeState({ setting: { ...emptySetting(), ...setting }, view, horizon: 0, uploaded: null, opened: { fingerprint: "" } }).replace(/&?of=$/, "")}`;
  }
}
