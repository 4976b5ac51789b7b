// One question at a time: a newer one takes the place of an older one, but never before that has said anything.

export class Asking {
  constructor(ask, { part, failed, idle }) {
    Object.assign(this, { ask, part, failed, idle });
    this.running = null;
    this.next = null;
  }

  put(question) {
    if (this.running && !this.running.heard) {
      this.next = question;
      return;
    }
    this.start(question);
  }

  stop() {
    this.next = null;
    this.running?.control.abort();
    this.running = null;
  }

  async start(question) {
    this.running?.control.abort();
    const mine = { control: new AbortController(), heard: false };
    this.running = mine;
    this.next = null;
    try {
      for await (const part of this.ask(question, mine.control.signal)) {
        if (this.running !== mine) return;
        if (part.worlds) mine.heard = true;
        this.part(part, question);
        if (mine.heard && this.next) break;
      }
    } catch (error) {
      if (this.running !== mine || error.name === "AbortError") return;
      if (!this.next) this.failed(error, question);
    }
    if (this.running !== mine) return;
    this.running = null;
    if (this.next) this.start(this.next);
    else this.idle?.();
  }
}
