// The state of the page in its URL: only changes, in a form that people can read.

export const OPTION = "option";

// Names of the option in addresses of earlier versions.
const FORMER_ARMS = { base: "baseline", "what-if": OPTION };
const MAX_SCENARIO_LENGTH = 3000;
const VIEW_TYPES = { month: Number, world: Number, arm: String, colour: String, intervention: String };
const NUMBER = /^-?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

const escapeText = (text) => encodeURIComponent(text);
const unescapeText = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const encodeValue = (value) =>
  value !== null && typeof value === "object"
    ? Object.entries(value).map(([key, field]) => `${escapeText(key)}/${escapeText(field)}`).join("/")
    : escapeText(value);

function decodeValue(text) {
  if (NUMBER.test(text)) return Number(text);
  if (!text.includes("/")) return unescapeText(text);
  const parts = text.split("/").map(unescapeText);
  const fields = {};
  for (let index = 0; index + 1 < parts.length; index += 2)
    fields[parts[index]] = NUMBER.test(parts[index + 1]) ? Number(parts[index + 1]) : parts[index + 1];
  return fields;
}

const encodePolicy = (fields) =>
  Object.entries(fields).map(([name, value]) => `${name}:${encodeValue(value)}`).join(",");

function decodePolicy(text) {
  const fields = {};
  for (const part of text ? text.split(",") : []) {
    const [name, value = ""] = part.split(/:(.*)/s);
    fields[name] = decodeValue(value);
  }
  return fields;
}

export function encodeState({ setting, view, parameters, horizon, uploaded, opened }) {
  const pairs = [];
  const changed = ["both", "alone", "policies"].some((part) => Object.keys(setting[part]).length);
  for (const [lever, fields] of Object.entries(setting.policies)) pairs.push([lever, encodePolicy(fields)]);
  for (const [path, value] of Object.entries(setting.alone)) pairs.push([path, encodeValue(value)]);
  for (const [path, value] of Object.entries(setting.both)) pairs.push([`both.${path}`, encodeValue(value)]);
  if (view.month !== horizon) pairs.push(["month", view.month]);
  if (view.world !== 1) pairs.push(["world", view.world]);
  if (view.arm !== OPTION) pairs.push(["arm", view.arm]);
  if (view.colour !== "fidelity") pairs.push(["colour", view.colour]);
  if (view.intervention) pairs.push(["intervention", escapeText(view.intervention)]);
  if (uploaded) {
    const text = escapeText(JSON.stringify(uploaded));
    pairs.push(text.length <= MAX_SCENARIO_LENGTH ? ["scenario", text] : ["uploaded", escapeText(parameters.name)]);
  } else if (changed) pairs.push(["of", opened.fingerprint.slice(0, 6)]);
  return pairs.map(([name, value]) => (value === "" ? name : `${name}=${value}`)).join("&");
}

export function decodeState(text, { opened }) {
  const state = { setting: { both: {}, alone: {}, policies: {} }, view: {}, notes: [], scenario: null };
  const levers = new Set(opened.levers.map(({ lever }) => lever));
  for (const pair of text ? text.split("&") : []) {
    const [name, value = ""] = pair.split(/=(.*)/s);
    const path = unescapeText(name);
    if (levers.has(path)) state.setting.policies[path] = decodePolicy(value);
    else if (path in VIEW_TYPES) state.view[path] = decodeView(path, unescapeText(value));
    else if (path === "scenario") readScenario(value, state);
    else if (path === "uploaded") state.notes.push(missingFileNote(unescapeText(value)));
    else if (path === "of") checkFingerprint(value, opened, state);
    else if (path.startsWith("both.")) state.setting.both[path.slice(5)] = decodeValue(value);
    else if (path.includes(".")) state.setting.alone[path] = decodeValue(value);
    else state.notes.push(`The address contains an unknown part, “${path.slice(0, 40)}”, which was ignored.`);
  }
  for (const [name, minimum] of [["month", 0], ["world", 1]])
    if (!Number.isInteger(state.view[name]) || state.view[name] < minimum) delete state.view[name];
  return state;
}

const decodeView = (name, text) => VIEW_TYPES[name](name === "arm" ? (FORMER_ARMS[text] ?? text) : text);

function readScenario(value, state) {
  try {
    state.scenario = JSON.parse(unescapeText(value));
  } catch {
    state.notes.push("The scenario in the address is incomplete, so the page shows its own.");
  }
}

const missingFileNote = (name) =>
  `This address needs the file ${name}, which is not part of it: upload the file under “Downloads and uploads”, then open the address again.`;

function checkFingerprint(value, opened, state) {
  if (!opened.fingerprint.startsWith(value))
    state.notes.push(`This address was created for another scenario; its changes are applied to ${opened.name}.`);
}
