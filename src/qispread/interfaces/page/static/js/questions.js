// Prediction questions of a lesson: a share on a slider, or multiple choice; and the comparison with the model's answer.
import { element, uniqueId } from "./dom.js";
import { formatPercent } from "./text_format.js";

export class Questions {
  constructor(questions, answers, onChange) {
    this.values = questions.map((_, index) => answers[index] ?? null);
    this.onChange = onChange;
    this.controls = questions.map((question, index) =>
      question.kind === "share" ? this.shareControl(question, index) : this.choiceControl(question, index));
  }

  get complete() {
    return this.values.every((value) => value !== null);
  }

  set(index, value) {
    this.values[index] = value;
    this.onChange();
  }

  shareControl({ question }, index) {
    const id = uniqueId("prediction");
    const value = this.values[index];
    const output = element("output", { htmlFor: id }, value === null ? "move the slider" : formatPercent(value));
    const input = element("input", { id, type: "range", min: 0, max: 100, step: 1, "aria-valuetext": "no answer yet" });
    input.value = value === null ? 50 : Math.round(100 * value);
    const answer = () => {
      const share = Number(input.value) / 100;
      output.textContent = formatPercent(share);
      input.setAttribute("aria-valuetext", formatPercent(share));
      this.set(index, share);
    };
    input.addEventListener("input", answer);
    // A click or a key confirms the initial position of one half.
    input.addEventListener("click", answer);
    input.addEventListener("keydown", ({ key }) => ["Enter", " "].includes(key) && answer());
    const scale = element("div", { class: "ends", "aria-hidden": "true" }, ...["none", "half", "all"].map((text) => element("span", {}, text)));
    return element("div", { class: "prediction" }, element("label", { class: "question", htmlFor: id }, question), output, input, scale);
  }

  choiceControl({ question, options }, index) {
    return radioGroup(question, options, this.values[index], (value) => this.set(index, value));
  }

  lock() {
    for (const control of this.controls) for (const input of control.querySelectorAll("input")) input.disabled = true;
  }
}

export function radioGroup(question, options, selected, onChange) {
  const name = uniqueId("choice");
  const labels = options.map((text, index) => {
    const input = element("input", { type: "radio", name, value: index, checked: index === selected });
    input.addEventListener("change", () => onChange(index));
    return element("label", {}, input, element("span", {}, text));
  });
  return element("fieldset", { class: "prediction options" }, element("legend", { class: "question" }, question), ...labels);
}

// The prediction and the model's answer, each as a sentence.
export function compareAnswer(question, value, answer) {
  if (question.kind === "choice") {
    const correct = value === answer.option;
    return [`Your prediction: ${question.options[value]}.`, correct ? "The model agrees." : `The model: ${question.options[answer.option]}.`];
  }
  const range = `90% of runs: ${formatPercent(answer.low)} to ${formatPercent(answer.high)}`;
  return [
    `Your prediction: ${formatPercent(value)}.`,
    `The model: ${formatPercent(answer.value)} on average (${range}). Your prediction is ${position(value, answer)} this range.`,
  ];
}

function position(value, { low, high }) {
  if (value > high) return "above";
  return value < low ? "below" : "within";
}
