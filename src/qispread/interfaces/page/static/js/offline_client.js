// The API of the page in an offline file: reads results that were computed when the file was written.
import { byId } from "./dom.js";

const stored = JSON.parse(byId("stored-results").textContent);

export class RequestError extends Error {
  constructor(faults) {
    super(faults.map(faultText).join("\n"));
    this.faults = faults;
  }
}

export const faultText = ({ problem }) => problem;

const requestError = (problem) => new RequestError([{ where: "", problem, file: "", line: 0 }]);

// Reads and decompresses the result of a name.
async function readResult(name) {
  if (!(name in stored.answers)) throw requestError("This file does not contain that result; run qispread app to compute it.");
  const bytes = Uint8Array.from(atob(stored.answers[name]), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).json();
}

const NOT_STORED = "not stored";

const formatKey = (value) => String(Number(Number(value).toPrecision(10)));

// The name of the results of a page state: the baseline, or one policy at one strength.
function resultName({ policies, alone, both }) {
  const [first, ...more] = Object.entries(policies);
  if (more.length || Object.keys(alone).length || Object.keys(both).length) return NOT_STORED;
  if (!first) return "baseline";
  const [lever, fields] = first;
  const { name, default: defaultValue } = stored.levers[lever];
  if (Object.keys(fields).some((field) => field !== name)) return NOT_STORED;
  return name ? `${lever}=${formatKey(fields[name] ?? defaultValue)}` : lever;
}

// Decodes monthly changes into the bytes of all months.
function deltaDecode(changes) {
  const count = stored.layout.ids.length;
  const bytes = new Uint8Array(changes.length);
  changes.forEach((change, index) => (bytes[index] = change + (index < count ? 0 : bytes[index - count])));
  return bytes;
}

const withCharts = (result) => ({ ...result, curves: result.curves.map((curve) => ({ ...curve, ...stored.charts[curve.chart_id] })) });

const unavailable = async () => {
  throw requestError("Not available in this file; run qispread app to use it.");
};

export const api = {
  async *compare(setting) {
    yield withCharts(await readResult(`compare ${resultName(setting)}`));
  },
  async *lesson({ lesson, part, value }) {
    yield withCharts({ curves: [], ...(await readResult(["lesson", lesson, part, ...(value === undefined ? [] : [formatKey(value)])].join(" "))) });
  },
  async *budget({ plans }) {
    yield { plans: plans.map((code) => stored.plans[code]).filter(Boolean), best: stored.best };
  },
  async world({ setting, arm }) {
    const name = arm === "baseline" ? "baseline" : resultName(setting);
    const run = await readResult(`world ${name}`);
    return { ...run, layout: stored.layout, sources: stored.sources, stage: deltaDecode(run.stage), fidelity: deltaDecode(run.fidelity) };
  },
  async *organisation() {
    throw requestError("This file does not contain the histories of organisations; run qispread app to see them.");
    yield null;
  },
  parameters: unavailable, yaml: unavailable, table: unavailable, picture: unavailable, report: unavailable, upload: unavailable,
};
