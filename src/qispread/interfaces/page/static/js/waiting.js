// Work that takes long: how far it is, and a button that ends it.
import { element } from "./words.js";

export class Waiting {
  constructor(place, doing, stop) {
    this.bar = element("progress", { "aria-label": "How far it is" });
    this.words = element("span", { role: "status" }, `${doing} …`);
    const button = stop && element("button", { type: "button", on: { click: stop } }, "Cancel");
    this.shown = element("div", { class: "row waiting" }, this.bar, this.words, button);
    place.append(this.shown);
  }

  tell({ doing, done, of }) {
    [this.bar.max, this.bar.value] = [of, done];
    this.words.textContent = `${doing} …`;
  }

  end() {
    this.shown.remove();
  }
}

// Reads a stream to the part that is its answer, `whole`; an AbortError tells that it was cancelled.
export async function waited(stream, place, doing, whole) {
  const control = new AbortController();
  const waiting = new Waiting(place, doing, () => control.abort());
  try {
    for await (const part of stream(control.signal)) {
      if (whole(part)) return part;
      waiting.tell(part);
    }
  } finally {
    waiting.end();
  }
  return null;
}
