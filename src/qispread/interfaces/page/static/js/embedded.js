// Where answers come from in a file without a server: they were computed when it was written, and stand in it.
import { find } from "./words.js";

const held = JSON.parse(find("embedded").textContent);

export class Refused extends Error {
  constructor(faults) {
    super(faults.map(faultText).join("\n"));
    this.faults = faults;
  }
}

export const faultText = ({ problem }) => problem;

const refused = (problem) => new Refused([{ where: "", problem, file: "", line: 0 }]);

// Whatever this file holds under a name, unpacked when it is asked for.
async function kept(name) {
  if (!(name in held.answers)) throw refused("This file does not hold that answer; the page that qispread app opens does.");
  const bytes = Uint8Array.from(atob(held.answers[name]), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).json();
}

const told = (value) => String(Number(Number(value).toPrecision(10)));

// One policy at its strength, or none: what the file was computed for.
function nameOf({ policies, alone, both }) {
  const [first, ...more] = Object.entries(policies);
  if (more.length || Object.keys(alone).length || Object.keys(both).length) return "more";
  if (!first) return "baseline";
  const [lever, fields] = first;
  const { name, usual } = held.levers[lever];
  const others = Object.keys(fields).filter((one) => one !== name);
  return others.length ? "more" : name ? `${lever}=${told(fields[name] ?? usual)}` : lever;
}

// Bytes of all months from what changed in each.
function summed(changes) {
  const number = held.places.ids.length;
  const found = new Uint8Array(changes.length);
  changes.forEach((change, place) => (found[place] = change + (place < number ? 0 : found[place - number])));
  return found;
}

const charted = (answer) => ({ ...answer, curves: answer.curves.map((curve) => ({ ...curve, ...held.charts[curve.mark] })) });

const none = async () => {
  throw refused("This file holds no such thing; the page that qispread app opens does.");
};

export const server = {
  async *compare(setting) {
    yield charted(await kept(`compare ${nameOf(setting)}`));
  },
  async *lesson({ lesson, part, value }) {
    yield charted({ curves: [], ...(await kept(["lesson", lesson, part, ...(value === undefined ? [] : [told(value)])].join(" "))) });
  },
  async *budget({ plans }) {
    yield { plans: plans.map((code) => held.plans[code]).filter(Boolean), best: held.best };
  },
  async world({ setting, arm }) {
    const name = arm === "baseline" ? "baseline" : nameOf(setting);
    const world = await kept(`world ${name}`);
    return { ...world, places: held.places, sources: held.sources, stage: summed(world.stage), fidelity: summed(world.fidelity) };
  },
  async *organisation() {
    throw refused("This file tells no stories of single places; the page that qispread app opens does.");
    yield null;
  },
  parameters: none, yaml: none, table: none, picture: none, report: none, upload: none,
};
