// What a class writes down before it sees anything: a share on a slider, or one of some options.
import { element, freshName, percent } from "./words.js";

export class Guesses {
  constructor(guesses, said, changed) {
    this.values = guesses.map((_, place) => said[place] ?? null);
    this.changed = changed;
    this.controls = guesses.map((guess, place) => (guess.kind === "share" ? this.share(guess, place) : this.choice(guess, place)));
  }

  get whole() {
    return this.values.every((value) => value !== null);
  }

  put(place, value) {
    this.values[place] = value;
    this.changed();
  }

  share({ question }, place) {
    const name = freshName("guess");
    const known = this.values[place];
    const told = element("output", { htmlFor: name }, known === null ? "move it" : percent(known));
    const input = element("input", { id: name, type: "range", min: 0, max: 100, step: 1, "aria-valuetext": "not yet said" });
    input.value = known === null ? 50 : Math.round(100 * known);
    const say = () => {
      const value = Number(input.value) / 100;
      told.textContent = percent(value);
      input.setAttribute("aria-valuetext", percent(value));
      this.put(place, value);
    };
    input.addEventListener("input", say);
    // Whoever means the half at which it stands says so by a click or a key.
    input.addEventListener("click", say);
    input.addEventListener("keydown", ({ key }) => ["Enter", " "].includes(key) && say());
    const ends = element("div", { class: "ends", "aria-hidden": "true" }, ...["none", "half", "all"].map((one) => element("span", {}, one)));
    return element("div", { class: "guess" }, element("label", { class: "question", htmlFor: name }, question), told, input, ends);
  }

  choice({ question, options }, place) {
    return choices(question, options, this.values[place], (value) => this.put(place, value));
  }

  lock() {
    for (const control of this.controls) for (const input of control.querySelectorAll("input")) input.disabled = true;
  }
}

export function choices(question, options, chosen, changed) {
  const name = freshName("choice");
  const lines = options.map((words, place) => {
    const input = element("input", { type: "radio", name, value: place, checked: place === chosen });
    input.addEventListener("change", () => changed(place));
    return element("label", {}, input, element("span", {}, words));
  });
  return element("fieldset", { class: "guess options" }, element("legend", { class: "question" }, question), ...lines);
}

// What was said beside what the model says.
export function verdict(guess, value, answer) {
  if (guess.kind === "choice") {
    const right = value === answer.option;
    return [`You said: ${guess.options[value]}.`, right ? "So does the model." : `The model says: ${guess.options[answer.option]}.`];
  }
  const range = `nine in ten worlds lie from ${percent(answer.low)} to ${percent(answer.high)}`;
  const where = value > answer.high ? "above" : value < answer.low ? "below" : "within";
  return [`You said ${percent(value)}.`, `The model says ${percent(answer.value)} on average; ${range}: you are ${where} that.`];
}
