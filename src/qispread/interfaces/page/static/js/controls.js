// Controls: sliders, number fields and selects.
import { element, uniqueId } from "./dom.js";
import { formatNumber, formatWithUnit } from "./text_format.js";

// A slider if the parameter has a slider range, else a number field; calls `onChange` with the number.
export function numberControl({ label, unit = "", slider, value, integer = false, bounds = {}, describedBy = null }, onChange) {
  const id = uniqueId("number");
  const caption = element("label", { class: "label", htmlFor: id }, label);
  const output = element("output", { htmlFor: id }, formatWithUnit(value, unit));
  const description = describedBy ? { "aria-describedby": describedBy } : {};
  const input = slider
    ? element("input", { id, type: "range", min: slider.low, max: slider.high, step: slider.step, ...description })
    : element("input", { id, type: "number", step: integer ? 1 : "any", min: bounds.ge ?? "", max: bounds.le ?? "", ...description });
  input.value = value;
  const unitText = unit === "share" ? "" : unit;
  const show = (number) => {
    output.textContent = slider ? formatWithUnit(number, unit) : unitText;
    if (slider) input.setAttribute("aria-valuetext", formatWithUnit(number, unit));
  };
  show(value);
  input.addEventListener(slider ? "input" : "change", () => {
    if (input.value === "" || !input.checkValidity()) {
      input.reportValidity();
      return;
    }
    const number = roundStep(Number(input.value), integer);
    show(number);
    onChange(number);
  });
  const box = element("div", { class: "slider" }, caption, output, input);
  box.set = (number) => {
    if (document.activeElement !== input || Number(input.value) !== number) input.value = number;
    show(number);
  };
  return box;
}

// Removes the floating-point noise of slider steps.
const roundStep = (number, integer) => (integer ? Math.round(number) : Number(number.toPrecision(10)));

export function monthField(label, value, max, placeholder, onChange) {
  const input = element("input", { type: "number", min: 1, max, step: 1, placeholder, value: value ?? "" });
  input.addEventListener("change", () => {
    if (!input.checkValidity()) input.reportValidity();
    else onChange(input.value === "" ? null : Number(input.value));
  });
  return element("label", {}, label, input);
}

export function selectField(label, choices, value, onChange) {
  const options = choices.map(([name, text]) => element("option", { value: name, selected: name === value }, text));
  const select = element("select", { on: { change: () => onChange(select.value) } }, ...options);
  return element("label", {}, label, select);
}

export function amountField(label, value, onChange) {
  const input = element("input", { type: "number", min: 0, step: "any", value: formatNumber(value) });
  input.addEventListener("change", () => (input.checkValidity() ? onChange(Number(input.value)) : input.reportValidity()));
  return element("label", {}, label, input);
}
