// The month slider of the map, and the button that plays the months.
import { byId } from "./dom.js";
import { monthLabel } from "./text_format.js";

const MONTH_MILLISECONDS = 110;
const YEAR_MILLISECONDS = 1100;

export class Player {
  constructor(onMonth) {
    this.onMonth = onMonth;
    this.slider = byId("month");
    this.button = byId("play");
    this.output = byId("month-label");
    this.timer = null;
    this.slider.addEventListener("input", () => {
      this.stop();
      this.goTo(Number(this.slider.value), true);
    });
    this.button.addEventListener("click", () => (this.timer ? this.stop() : this.play()));
  }

  get playing() {
    return this.timer !== null;
  }

  // Sets the number of months and the current month.
  set(horizon, month) {
    this.horizon = horizon;
    this.slider.max = horizon;
    this.label(month);
  }

  label(month) {
    this.month = month;
    this.slider.value = month;
    this.slider.setAttribute("aria-valuetext", monthLabel(month));
    this.output.textContent = monthLabel(month);
  }

  goTo(month, settled) {
    this.label(Math.min(month, this.horizon));
    this.onMonth(this.month, settled);
  }

  play() {
    const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (this.month >= this.horizon) this.goTo(0, false);
    this.button.textContent = "Pause";
    this.timer = setInterval(() => {
      this.goTo(this.month + (reducedMotion ? 12 : 1), false);
      if (this.month >= this.horizon) this.stop();
    }, reducedMotion ? YEAR_MILLISECONDS : MONTH_MILLISECONDS);
  }

  stop() {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = null;
    this.button.textContent = "Play";
    this.onMonth(this.month, true);
  }
}
