// Sliders and fields for numbers, all alike.
import { element, freshName, short, withUnit } from "./words.js";

// A slider where there is a range to move over, else a field; `moved` is given the number.
export function numberControl({ label, unit = "", slider, value, whole = false, bounds = {}, described = null }, moved) {
  const name = freshName("number");
  const words = element("label", { class: "label", htmlFor: name }, label);
  const told = element("output", { htmlFor: name }, withUnit(value, unit));
  const about = described ? { "aria-describedby": described } : {};
  const input = slider
    ? element("input", { id: name, type: "range", min: slider.low, max: slider.high, step: slider.step, ...about })
    : element("input", { id: name, type: "number", step: whole ? 1 : "any", min: bounds.ge ?? "", max: bounds.le ?? "", ...about });
  input.value = value;
  const say = (number) => {
    told.textContent = slider ? withUnit(number, unit) : unit === "share" ? "" : unit;
    if (slider) input.setAttribute("aria-valuetext", withUnit(number, unit));
  };
  say(value);
  input.addEventListener(slider ? "input" : "change", () => {
    if (input.value === "" || !input.checkValidity()) {
      input.reportValidity();
      return;
    }
    const number = tidy(Number(input.value), whole);
    say(number);
    moved(number);
  });
  const box = element("div", { class: "slider" }, words, told, input);
  box.set = (number) => {
    if (document.activeElement !== input || Number(input.value) !== number) input.value = number;
    say(number);
  };
  return box;
}

// Without the last bits that steps of a slider leave.
const tidy = (number, whole) => (whole ? Math.round(number) : Number(number.toPrecision(10)));

export function monthField(label, value, horizon, empty, changed) {
  const input = element("input", { type: "number", min: 1, max: horizon, step: 1, placeholder: empty, value: value ?? "" });
  input.addEventListener("change", () => {
    if (!input.checkValidity()) input.reportValidity();
    else changed(input.value === "" ? null : Number(input.value));
  });
  return element("label", {}, label, input);
}

export function choice(label, names, value, changed) {
  const options = names.map(([name, words]) => element("option", { value: name, selected: name === value }, words));
  const select = element("select", { on: { change: () => changed(select.value) } }, ...options);
  return element("label", {}, label, select);
}

export function priceField(label, value, changed) {
  const input = element("input", { type: "number", min: 0, step: "any", value: short(value) });
  input.addEventListener("change", () => (input.checkValidity() ? changed(Number(input.value)) : input.reportValidity()));
  return element("label", {}, label, input);
}
