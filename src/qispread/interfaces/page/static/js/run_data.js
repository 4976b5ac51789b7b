// One run as the server sends it: layout, ties, stage and fidelity by month, and who copied from whom.

export const STAGES = ["unaware", "aware", "implementing", "embedded", "discontinued"];
export const PILOT_SITE = -3;
const NOT_IN_USE = 255;
const FIDELITY_STEPS = 250;

const decodeBytes = (data) => (typeof data === "string" ? Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)) : data);

export class RunData {
  constructor(data) {
    Object.assign(this, data.layout);
    this.months = data.months;
    this.count = this.ids.length;
    this.origins = new Set(data.origins);
    this.tiePeriods = data.ties;
    this.sources = data.sources;
    this.stages = decodeBytes(data.stage);
    this.fidelities = decodeBytes(data.fidelity);
    this.adoptions = this.ids.map(() => []);
    for (const [month, index, from, copies] of data.adoptions) this.adoptions[index].push({ month, index, from, copies });
  }

  stage(index, month) {
    return STAGES[this.stages[month * this.count + index]];
  }

  // Fidelity as a share, or null if the organisation does not use it.
  fidelity(index, month) {
    const step = this.fidelities[month * this.count + index];
    return step === NOT_IN_USE ? null : step / FIDELITY_STEPS;
  }

  ties(month) {
    return this.tiePeriods.findLast((period) => period.from <= month).pairs;
  }

  // The latest adoption of an organisation up to a month, or null if it does not use it then.
  adoption(index, month) {
    if (this.fidelity(index, month) === null) return null;
    return this.adoptions[index].findLast((adoption) => adoption.month <= month) ?? null;
  }

  // The adoptions from one organisation back to the source of its version, its own first.
  lineage(index, month) {
    const chain = [];
    let adoption = this.adoption(index, month);
    while (adoption && chain.length < this.count) {
      chain.push(adoption);
      const before = adoption.month;
      adoption = adoption.from >= 0 ? this.adoptions[adoption.from].findLast((earlier) => earlier.month < before) : null;
    }
    return chain;
  }

  copiers(index, month) {
    return this.ids.map((_, other) => other).filter((other) => this.adoption(other, month)?.from === index);
  }

  sourceName(code) {
    return code >= 0 ? this.names[code] : this.sources[code];
  }
}
