// Runs one request at a time. A newer request replaces an older one, but not before the older has sent a first result.

export class LatestRequest {
  constructor(send, { onMessage, onError, onIdle }) {
    Object.assign(this, { send, onMessage, onError, onIdle });
    this.running = null;
    this.pending = null;
  }

  request(payload) {
    if (this.running && !this.running.answered) {
      this.pending = payload;
      return;
    }
    this.start(payload);
  }

  cancel() {
    this.pending = null;
    this.running?.control.abort();
    this.running = null;
  }

  async start(payload) {
    this.running?.control.abort();
    const current = { control: new AbortController(), answered: false };
    this.running = current;
    this.pending = null;
    try {
      for await (const message of this.send(payload, current.control.signal)) {
        if (this.running !== current) return;
        if (message.runs) current.answered = true;
        this.onMessage(message, payload);
        if (current.answered && this.pending) break;
      }
    } catch (error) {
      if (this.running !== current || error.name === "AbortError") return;
      if (!this.pending) this.onError(error, payload);
    }
    if (this.running !== current) return;
    this.running = null;
    if (this.pending) this.start(this.pending);
    else this.onIdle?.();
  }
}
