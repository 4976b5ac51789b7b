// One lesson: predict, see, change one thing, discuss. What was said stands in the address, so that a page can be shared.
import { encoded } from "./address.js";
import { Asking } from "./asking.js";
import { Chart, drawOnce, hiddenBox } from "./charts.js";
import { choices, Guesses, verdict } from "./guesses.js";
import { Room } from "./room.js";
import { emptySetting } from "./state.js";
import { Waiting, waited } from "./waiting.js";
import { element, freshName, percent, short } from "./words.js";

const STEPS = ["Predict", "See", "Change one thing", "Discuss"];

const numbers = (text) => (text ? text.split(",").map((one) => (one === "" || Number.isNaN(Number(one)) ? null : Number(one))) : []);

export class Lesson {
  constructor(lesson, lessons, asked, source, { place, failed, file }) {
    Object.assign(this, { lesson, lessons, source, failed, file });
    this.room = { plan: asked.get("plan"), teams: asked.get("room") };
    this.said = numbers(asked.get("said"));
    this.picked = numbers(asked.get("pick"))[0] ?? null;
    this.reached = Math.min(Number(asked.get("step")) || 0, STEPS.length - 1);
    document.title = `qispread: ${lesson.title}`;
    this.steps = element("ol", { class: "steps", "aria-label": "Steps of the lesson" },
      ...STEPS.map((name, number) => element("li", {}, name, element("span", {}, ` ${this.minutes(number)} min`))));
    this.parts = STEPS.map((name, number) => this.part(name, number));
    place.replaceChildren(
      element("p", { class: "small" }, ...(file?.only ? [] : [element("a", { href: "#lessons" }, "All lessons"), " · "]), `Lesson ${lesson.number}, ${lesson.minutes.whole} minutes`),
      element("h1", {}, lesson.title),
      ...lesson.story.map((text) => element("p", { class: "story" }, text)),
      this.steps,
      ...this.parts);
    this.begin();
  }

  minutes(number) {
    return Object.values(this.lesson.minutes)[number];
  }

  part(name, number) {
    const heading = element("h2", { id: `step-${number}`, tabIndex: -1 }, `${number + 1}. ${name}`);
    const inside = element("div");
    const made = element("section", { class: "step", hidden: true, "aria-labelledby": `step-${number}` }, heading, inside);
    Object.assign(made, { heading, inside });
    return made;
  }

  async begin() {
    const { reached } = this;
    this.predict();
    this.show(0, false);
    if (reached > 0 && this.guesses.whole) await this.see(false);
    if (reached > 1 && this.guesses.whole) this.ask(false);
    if (reached > 2 && this.guesses.whole && this.picked !== null) {
      await this.change(false);
      this.discuss(false);
    }
  }

  show(number, move = true) {
    this.reached = number;
    this.parts[number].hidden = false;
    [...this.steps.children].forEach((one, place) => {
      if (place === number) one.setAttribute("aria-current", "step");
      else one.removeAttribute("aria-current");
    });
    if (!move) return;
    this.write();
    this.parts[number].heading.focus({ preventScroll: true });
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.parts[number].scrollIntoView({ behavior: calm ? "auto" : "smooth" });
  }

  write() {
    const pairs = [["lesson", this.lesson.name]];
    if (this.reached) pairs.push(["step", this.reached]);
    if (this.guesses.values.some((one) => one !== null)) pairs.push(["said", this.guesses.values.map((one) => one ?? "").join(",")]);
    if (this.picked !== null) pairs.push(["pick", this.picked]);
    if (this.room.plan) pairs.push(["plan", this.room.plan]);
    if (this.room.teams) pairs.push(["room", encodeURIComponent(this.room.teams)]);
    history.replaceState(null, "", `#${pairs.map(([name, value]) => `${name}=${value}`).join("&")}`);
  }

  predict() {
    const { inside } = this.parts[0];
    const go = element("button", { type: "button", class: "main", disabled: true }, "Show what the model says");
    const hint = element("span", { class: "small", role: "status" });
    const look = () => {
      go.disabled = !this.guesses.whole;
      hint.textContent = this.guesses.whole ? "" : "Answer every question first; there is no wrong answer.";
      this.write();
    };
    this.guesses = new Guesses(this.lesson.guesses, this.said, look);
    this.go = go;
    go.addEventListener("click", () => this.see(true));
    inside.append(...this.guesses.controls, element("p", { class: "row" }, go, hint));
    look();
  }

  // Asks for one step, and tells how far it is; what was cancelled or failed waits to be asked again.
  async answer(question, place) {
    const ask = (signal) => this.source.lesson({ lesson: this.lesson.name, ...question }, signal);
    for (;;) {
      try {
        return await waited(ask, place, "Running the worlds", (part) => part.worlds);
      } catch (error) {
        const cancelled = error.name === "AbortError";
        if (!cancelled) this.failed(error);
        await this.again(place, cancelled ? "Cancelled." : "This could not be done.");
      }
    }
  }

  // Waits until somebody wants to go on.
  async again(place, words) {
    const button = element("button", { type: "button" }, "Run the worlds");
    const shown = element("div", { class: "row" }, element("span", { role: "status" }, words), button);
    place.append(shown);
    button.focus();
    await new Promise((resolve) => button.addEventListener("click", resolve, { once: true }));
    shown.remove();
  }

  async see(move) {
    this.go.hidden = true;
    const { inside } = this.parts[1];
    this.guesses.lock();
    this.show(1, move);
    const told = await this.answer({ part: "seen" }, inside);
    const { guesses } = this.lesson;
    const verdicts = guesses.map((guess, place) => {
      const [mine, models] = verdict(guess, this.guesses.values[place], told.answers[place]);
      return element("li", {}, element("span", { class: "mine" }, guess.question), element("span", {}, mine), element("strong", {}, models));
    });
    const curves = element("div", { class: "charts" });
    const more = element("button", { type: "button", class: "main" }, "What would change it?");
    more.addEventListener("click", () => this.ask(true));
    inside.append(
      element("ul", { class: "verdicts" }, ...verdicts), curves,
      element("p", { class: "small" }, `Lines: medians of ${told.worlds} worlds; bands: nine in ten. Bars: how many worlds end there.`),
      ...told.said.map((text) => element("p", { class: "said" }, text)), element("p", { class: "row" }, more));
    const own = (measure) => {
      const place = told.answers.findIndex((one) => one.measure === measure);
      return place < 0 ? null : this.guesses.values[place];
    };
    told.curves.forEach((curve) => this.curve(curves, curve, told.worlds, own(curve.measure)));
    this.still(curves, told.spread, own(told.spread.measure));
    this.more = more;
  }

  curve(place, curve, worlds, guess) {
    const box = element("div", { class: "chart", "data-measure": curve.measure });
    place.append(box);
    const chart = new Chart(box);
    if (guess !== null) chart.expect(guess, `you: ${percent(guess)}`);
    chart.show({ ...curve, worlds });
    return chart;
  }

  // A chart that does not move; what the class expected is a line in it.
  still(place, { specification, alt, measure }, guess = null) {
    const inside = hiddenBox();
    place.append(element("div", { class: "chart still", role: "img", "aria-label": alt, "data-measure": measure ?? "" }, inside));
    const expected = guess === null ? [] : [{ value: guess, label: "you" }];
    drawOnce(inside, { ...specification, datasets: { ...specification.datasets, guess: expected } }).catch(this.failed);
  }

  ask(move) {
    const { inside } = this.parts[2];
    this.show(2, move);
    if (this.more) this.more.hidden = true;
    const go = element("button", { type: "button", class: "main", disabled: this.picked === null }, "Show what each does");
    const question = choices(this.lesson.question, this.lesson.options, this.picked, (place) => {
      this.picked = place;
      go.disabled = false;
      this.write();
    });
    go.addEventListener("click", async () => {
      await this.change(true);
      this.discuss(true);
    });
    this.question = { question, go };
    inside.append(question, element("p", { class: "row" }, go));
  }

  async change(write) {
    const { inside } = this.parts[2];
    const { question, go } = this.question;
    go.hidden = true;
    for (const input of question.querySelectorAll("input")) input.disabled = true;
    const told = await this.answer({ part: "changed" }, inside);
    const right = told.best.includes(this.picked);
    const best = told.best.map((place) => this.lesson.options[place]).join("; or ");
    const chart = element("div");
    inside.append(
      element("p", { class: "verdict" }, `You said: ${this.lesson.options[this.picked]}. `,
        element("strong", {}, right ? "So does the model." : `The model says: ${best}.`)),
      element("div", { class: "changes" }, chart, element("div", {}, ...told.said.map((text) => element("p", { class: "said" }, text)))), this.slider());
    this.still(chart, told.changes);
    if (write) this.write();
  }

  // The one thing, moved by hand: curves follow.
  slider() {
    const { label, unit, stops, start, arm } = this.lesson.slider;
    const name = freshName("moved");
    const words = (place) => `${short(stops[place])}${unit ? ` ${unit}` : ""}`;
    const told = element("output", { htmlFor: name }, words(start));
    const input = element("input", { id: name, type: "range", min: 0, max: stops.length - 1, step: 1, "aria-valuetext": words(start) });
    input.value = start;
    const charts = element("div", { class: "charts" });
    const line = element("p", { class: "moved", role: "status" });
    const drawn = new Map();
    const far = element("div");
    let waiting = null;
    const end = () => {
      waiting?.end();
      waiting = null;
    };
    const stop = () => {
      asking.stop();
      end();
      line.textContent = "Cancelled; move the slider to ask again.";
      input.focus();
    };
    const put = (place) => {
      waiting ??= new Waiting(far, "Running the worlds", stop);
      asking.put(stops[place]);
    };
    const asking = new Asking((value, signal) => this.source.lesson({ lesson: this.lesson.name, part: "moved", value }, signal), {
      part: (part) => {
        if (!part.worlds) {
          waiting?.tell(part);
          return;
        }
        end();
        for (const curve of part.curves) {
          if (!drawn.has(curve.measure)) drawn.set(curve.measure, this.curve(charts, curve, part.worlds, null));
          else drawn.get(curve.measure).show({ ...curve, worlds: part.worlds });
        }
        line.textContent = part.said;
        line.dataset.value = part.value;
      },
      failed: (error) => {
        end();
        this.failed(error);
      },
    });
    input.addEventListener("input", () => {
      told.textContent = words(Number(input.value));
      input.setAttribute("aria-valuetext", told.textContent);
      put(Number(input.value));
    });
    put(start);
    const control = element("div", { class: "slider" }, element("label", { class: "label", htmlFor: name }, label), told, input);
    return element("div", { class: "try" }, element("h3", {}, `Try it: ${arm}`), control, far, line, charts);
  }

  discuss(move) {
    const { inside } = this.parts[3];
    this.show(3, false);
    if (move) this.write();
    const { discuss, left_out: leftOut, sources, number, budget } = this.lesson;
    const next = this.lessons.find((one) => one.number === number + 1);
    inside.append(
      element("ol", { class: "discuss" }, ...discuss.map((text) => element("li", {}, text))),
      element("h3", {}, "What the model leaves out"), element("p", {}, leftOut),
      ...(sources.length ? [element("h3", {}, "Read more"), element("ul", { class: "small" }, ...sources.map((one) => element("li", {}, one)))] : []));
    if (budget) {
      const game = element("section", { class: "game", "aria-labelledby": "game-title" });
      inside.append(game);
      new Room(budget, this.room, this.source, { place: game, failed: this.failed, file: this.file, write: () => this.write() });
    }
    inside.append(element("p", { class: "row" },
      ...(this.file ? [] : [element("a", { href: this.onward() }, "Go on with it on the page")]),
      ...(next ? [element("a", { href: `#lesson=${next.name}` }, `Lesson ${next.number}: ${next.title}`)] : [])));
  }

  onward() {
    const { setting } = this.lesson;
    if (!setting) return "#";
    const view = { month: 0, world: 1, arm: "what-if", colour: "fidelity", intervention: null };
    return `#${encoded({ setting: { ...emptySetting(), ...setting }, view, horizon: 0, uploaded: null, opened: { mark: "" } }).replace(/&?of=$/, "")}`;
  }
}
