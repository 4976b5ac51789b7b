// One world as the server tells it: who is where, what each did in every month, and who copied whom.

export const STAGES = ["unaware", "aware", "implementing", "embedded", "discontinued"];
const NOT_IN_USE = 255;
const STEPS = 250;

const bytes = (told) => typeof told !== "string" ? told : Uint8Array.from(atob(told), (letter) => letter.charCodeAt(0));

export class World {
  constructor(told) {
    Object.assign(this, told.places);
    this.months = told.months;
    this.number = this.ids.length;
    this.origins = new Set(told.origins);
    this.stretches = told.ties;
    this.sources = told.sources;
    this.stages = bytes(told.stage);
    this.fidelities = bytes(told.fidelity);
    this.begun = this.ids.map(() => []);
    for (const [month, who, from, copies] of told.beginnings) this.begun[who].push({ month, who, from, copies });
  }

  stage(who, month) {
    return STAGES[this.stages[month * this.number + who]];
  }

  // The share of the core intact, or null where it is not in use.
  fidelity(who, month) {
    const step = this.fidelities[month * this.number + who];
    return step === NOT_IN_USE ? null : step / STEPS;
  }

  ties(month) {
    return this.stretches.findLast((one) => one.from <= month).pairs;
  }

  // How somebody last began by a month, if they use it then.
  beginning(who, month) {
    if (this.fidelity(who, month) === null) return null;
    return this.begun[who].findLast((one) => one.month <= month) ?? null;
  }

  // From one organisation back to where its version came from: beginnings, the own one first.
  lineage(who, month) {
    const chain = [];
    let one = this.beginning(who, month);
    while (one && chain.length < this.number) {
      chain.push(one);
      const before = one.month;
      one = one.from >= 0 ? this.begun[one.from].findLast((earlier) => earlier.month < before) : null;
    }
    return chain;
  }

  copiers(who, month) {
    return this.ids.map((_, other) => other).filter((other) => this.beginning(other, month)?.from === who);
  }

  source(code) {
    return code >= 0 ? this.names[code] : this.sources[code];
  }
}
