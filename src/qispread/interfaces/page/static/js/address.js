// The setting as text in the address of the page: only what was changed, so that a person can read it.

const LONGEST_SCENARIO = 3000;
const VIEWS = { month: Number, world: Number, arm: String, colour: String, intervention: String };
const NUMBER = /^-?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

const escaped = (text) => encodeURIComponent(text);
const unescaped = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const valueText = (value) =>
  value !== null && typeof value === "object"
    ? Object.entries(value).map(([key, one]) => `${escaped(key)}/${escaped(one)}`).join("/")
    : escaped(value);

function valueOf(text) {
  if (NUMBER.test(text)) return Number(text);
  if (!text.includes("/")) return unescaped(text);
  const parts = text.split("/").map(unescaped);
  const found = {};
  for (let place = 0; place + 1 < parts.length; place += 2)
    found[parts[place]] = NUMBER.test(parts[place + 1]) ? Number(parts[place + 1]) : parts[place + 1];
  return found;
}

const policyText = (fields) =>
  Object.entries(fields).map(([name, value]) => `${name}:${valueText(value)}`).join(",");

function policyOf(text) {
  const fields = {};
  for (const part of text ? text.split(",") : []) {
    const [name, value = ""] = part.split(/:(.*)/s);
    fields[name] = valueOf(value);
  }
  return fields;
}

export function encoded({ setting, view, parameters, horizon, uploaded, opened }) {
  const pairs = [];
  const changed = ["both", "alone", "policies"].some((part) => Object.keys(setting[part]).length);
  for (const [lever, fields] of Object.entries(setting.policies)) pairs.push([lever, policyText(fields)]);
  for (const [path, value] of Object.entries(setting.alone)) pairs.push([path, valueText(value)]);
  for (const [path, value] of Object.entries(setting.both)) pairs.push([`both.${path}`, valueText(value)]);
  if (view.month !== horizon) pairs.push(["month", view.month]);
  if (view.world !== 1) pairs.push(["world", view.world]);
  if (view.arm !== "what-if") pairs.push(["arm", view.arm]);
  if (view.colour !== "fidelity") pairs.push(["colour", view.colour]);
  if (view.intervention) pairs.push(["intervention", escaped(view.intervention)]);
  if (uploaded) {
    const text = escaped(JSON.stringify(uploaded));
    pairs.push(text.length <= LONGEST_SCENARIO ? ["scenario", text] : ["uploaded", escaped(parameters.name)]);
  } else if (changed) pairs.push(["of", opened.mark.slice(0, 6)]);
  return pairs.map(([name, value]) => (value === "" ? name : `${name}=${value}`)).join("&");
}

export function decoded(text, { opened }) {
  const found = { setting: { both: {}, alone: {}, policies: {} }, view: {}, notes: [], scenario: null };
  const levers = new Set(opened.levers.map((one) => one.lever));
  for (const pair of text ? text.split("&") : []) {
    const [name, value = ""] = pair.split(/=(.*)/s);
    const path = unescaped(name);
    if (levers.has(path)) found.setting.policies[path] = policyOf(value);
    else if (path in VIEWS) found.view[path] = VIEWS[path](unescaped(value));
    else if (path === "scenario") readScenario(value, found);
    else if (path === "uploaded") found.notes.push(notSent(unescaped(value)));
    else if (path === "of") compareMarks(value, opened, found);
    else if (path.startsWith("both.")) found.setting.both[path.slice(5)] = valueOf(value);
    else if (path.includes(".")) found.setting.alone[path] = valueOf(value);
    else found.notes.push(`The address says “${path.slice(0, 40)}”, which means nothing here; it was left out.`);
  }
  for (const [name, least] of [["month", 0], ["world", 1]])
    if (!Number.isInteger(found.view[name]) || found.view[name] < least) delete found.view[name];
  return found;
}

function readScenario(value, found) {
  try {
    found.scenario = JSON.parse(unescaped(value));
  } catch {
    found.notes.push("The scenario in the address is not whole; the page shows its own.");
  }
}

const notSent = (name) =>
  `This address was made with a file, ${name}, which it does not hold: choose the file under “bring your own”, then open the address again.`;

function compareMarks(value, opened, found) {
  if (!opened.mark.startsWith(value))
    found.notes.push(`This address was made with another scenario: here its changes are those of ${opened.name}.`);
}
