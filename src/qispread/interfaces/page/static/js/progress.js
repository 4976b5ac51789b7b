// Progress of long work: a bar, its activity, and a button that cancels it.
import { element } from "./dom.js";

export class Progress {
  constructor(parent, activity, cancel) {
    this.bar = element("progress", { "aria-label": "Progress" });
    this.text = element("span", { role: "status" }, `${activity} …`);
    const button = cancel && element("button", { type: "button", on: { click: cancel } }, "Cancel");
    this.row = element("div", { class: "row progress" }, this.bar, this.text, button);
    parent.append(this.row);
  }

  update({ activity, done, total }) {
    [this.bar.max, this.bar.value] = [total, done];
    this.text.textContent = `${activity} …`;
  }

  remove() {
    this.row.remove();
  }
}

// Reads a stream up to its result, the first message for which `isResult` holds; rejects with AbortError if cancelled.
export async function awaitResult(stream, parent, activity, isResult) {
  const control = new AbortController();
  const progress = new Progress(parent, activity, () => control.abort());
  try {
    for await (const message of stream(control.signal)) {
      if (isResult(message)) return message;
      progress.update(message);
    }
  } finally {
    progress.remove();
  }
  return null;
}
