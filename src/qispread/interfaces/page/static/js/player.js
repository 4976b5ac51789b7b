// The month that the map shows: a slider, and a button that lets time pass.
import { find, when } from "./words.js";

const A_MONTH = 110;
const A_YEAR = 1100;

export class Player {
  constructor(shown) {
    this.shown = shown;
    this.slider = find("month");
    this.button = find("play");
    this.told = find("month-told");
    this.timer = null;
    this.slider.addEventListener("input", () => {
      this.stop();
      this.to(Number(this.slider.value), true);
    });
    this.button.addEventListener("click", () => (this.timer ? this.stop() : this.play()));
  }

  get playing() {
    return this.timer !== null;
  }

  // How many months there are, and which is shown.
  set(horizon, month) {
    this.horizon = horizon;
    this.slider.max = horizon;
    this.label(month);
  }

  label(month) {
    this.month = month;
    this.slider.value = month;
    this.slider.setAttribute("aria-valuetext", when(month));
    this.told.textContent = when(month);
  }

  to(month, settled) {
    this.label(Math.min(month, this.horizon));
    this.shown(this.month, settled);
  }

  play() {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (this.month >= this.horizon) this.to(0, false);
    this.button.textContent = "Pause";
    this.timer = setInterval(() => {
      this.to(this.month + (calm ? 12 : 1), false);
      if (this.month >= this.horizon) this.stop();
    }, calm ? A_YEAR : A_MONTH);
  }

  stop() {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = null;
    this.button.textContent = "Play";
    this.shown(this.month, true);
  }
}
