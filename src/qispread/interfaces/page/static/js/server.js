// Where answers come from: the server on this computer. A page without a server brings another module like this one.

const HEADERS = { "content-type": "application/json" };

export class Refused extends Error {
  constructor(faults) {
    super(faults.map(faultText).join("\n"));
    this.faults = faults;
  }
}

export const faultText = ({ where, problem, file, line }) =>
  [file ? `${file}${line ? `, line ${line}` : ""}` : "", where, problem].filter(Boolean).join(": ");

const plainFault = (problem) => [{ where: "", problem, file: "", line: 0 }];

async function ask(path, question, signal) {
  let answer;
  try {
    answer = await fetch(path, { method: "POST", headers: HEADERS, body: JSON.stringify(question), signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(plainFault("The server does not answer. Is qispread app still running?"));
  }
  if (answer.ok) return answer;
  const kind = answer.headers.get("content-type") || "";
  const faults = kind.includes("json") ? (await answer.json()).faults : plainFault(await answer.text());
  throw new Refused(faults);
}

async function* linesOf(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let over = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      over = done;
      if (over) break;
      const parts = (rest + value).split("\n");
      rest = parts.pop();
      for (const part of parts) yield checked(JSON.parse(part));
    }
  } catch (error) {
    if (error.name === "AbortError" || error instanceof Refused) throw error;
    throw new Refused(plainFault("The answer was cut off. Is qispread app still running?"));
  } finally {
    if (!over) reader.cancel().catch(() => {});
  }
}

function checked(message) {
  if (message.faults) throw new Refused(message.faults);
  return message;
}

async function* stream(path, question, signal) {
  yield* linesOf(await ask(path, question, signal));
}

const json = async (path, question, signal) => (await ask(path, question, signal)).json();

async function file(path, question, signal) {
  const answer = await ask(path, question, signal);
  const [, name] = /filename="([^"]*)"/.exec(answer.headers.get("content-disposition") || "") || [null, "download"];
  return { name, content: await answer.blob() };
}

export const server = {
  compare: (setting, signal) => stream("/api/compare", { setting }, signal),
  lesson: (question, signal) => stream("/api/lesson", question, signal),
  budget: (question, signal) => stream("/api/budget", question, signal),
  world: (question, signal) => json("/api/world", question, signal),
  organisation: (question, signal) => stream("/api/organisation", question, signal),
  parameters: (setting, signal) => json("/api/parameters", { setting }, signal),
  yaml: (setting, arm) => file("/api/scenario.yaml", { setting, arm }),
  table: (setting, table) => file("/api/table.csv", { setting, table }),
  picture: (setting, measure, kind) => file("/api/picture", { setting, measure, kind }),
  report: (setting, signal) => stream("/api/report", { setting }, signal),
  upload: (setting, files, signal) => stream("/api/upload", { setting, files }, signal),
};
