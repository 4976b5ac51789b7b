// The API of the page: requests to the server on this computer. An offline file replaces this module by offline_client.js.

const HEADERS = { "content-type": "application/json" };

export class RequestError extends Error {
  constructor(faults) {
    super(faults.map(faultText).join("\n"));
    this.faults = faults;
  }
}

export const faultText = ({ where, problem, file, line }) =>
  [file ? `${file}${line ? `, line ${line}` : ""}` : "", where, problem].filter(Boolean).join(": ");

const textFault = (problem) => [{ where: "", problem, file: "", line: 0 }];

async function post(path, payload, signal) {
  let response;
  try {
    response = await fetch(path, { method: "POST", headers: HEADERS, body: JSON.stringify(payload), signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new RequestError(textFault("The server does not respond. Is qispread app still running?"));
  }
  if (response.ok) return response;
  const type = response.headers.get("content-type") || "";
  const faults = type.includes("json") ? (await response.json()).faults : textFault(await response.text());
  throw new RequestError(faults);
}

async function* readLines(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let partial = "";
  let finished = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      finished = done;
      if (finished) break;
      const lines = (partial + value).split("\n");
      partial = lines.pop();
      for (const line of lines) yield raiseFaults(JSON.parse(line));
    }
  } catch (error) {
    if (error.name === "AbortError" || error instanceof RequestError) throw error;
    throw new RequestError(textFault("The response was interrupted. Is qispread app still running?"));
  } finally {
    if (!finished) reader.cancel().catch(() => {});
  }
}

function raiseFaults(message) {
  if (message.faults) throw new RequestError(message.faults);
  return message;
}

async function* stream(path, payload, signal) {
  yield* readLines(await post(path, payload, signal));
}

const json = async (path, payload, signal) => (await post(path, payload, signal)).json();

async function file(path, payload, signal) {
  const response = await post(path, payload, signal);
  const [, name] = /filename="([^"]*)"/.exec(response.headers.get("content-disposition") || "") || [null, "download"];
  return { name, content: await response.blob() };
}

export const api = {
  compare: (setting, signal) => stream("/api/compare", { setting }, signal),
  lesson: (payload, signal) => stream("/api/lesson", payload, signal),
  budget: (payload, signal) => stream("/api/budget", payload, signal),
  world: (payload, signal) => json("/api/world", payload, signal),
  organisation: (payload, signal) => stream("/api/organisation", payload, signal),
  parameters: (setting, signal) => json("/api/parameters", { setting }, signal),
  yaml: (setting, arm) => file("/api/scenario.yaml", { setting, arm }),
  table: (setting, table) => file("/api/table.csv", { setting, table }),
  picture: (setting, measure, kind) => file("/api/picture", { setting, measure, kind }),
  report: (setting, signal) => stream("/api/report", { setting }, signal),
  upload: (setting, files, signal) => stream("/api/upload", { setting, files }, signal),
};
