// Files from the browser to the kernel, in pieces small enough for every Jupyter server.
//
// Each piece is answered before more than a few are under way, so that hundreds of files or a large one
// neither fill the memory nor choke the connection. The other end is ltxlib/ui/incoming.py.

const PIECE = 1 << 20;
const PIECES_AHEAD = 2;
const FILES_AT_ONCE = 3;
const QUIET_MS = 8000;

function make(tag, classes, text) {
  const node = document.createElement(tag);
  node.className = classes;
  if (text) node.textContent = text;
  return node;
}

function sizeText(bytes) {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return `${Math.max(bytes / 1e6, 0.1).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

// Everything below what was dropped, folders and theirs included; each with its path.
async function dropped(transfer) {
  const entries = [];
  const found = [];
  for (const item of [...transfer.items]) {
    if (item.kind !== "file") continue;
    const entry = item.webkitGetAsEntry ? item.webkitGetAsEntry() : null;
    if (entry) {
      entries.push(entry);
    } else {
      const file = item.getAsFile();
      if (file) found.push({ file, path: file.name });
    }
  }
  while (entries.length) {
    const entry = entries.shift();
    if (entry.isFile) {
      const file = await new Promise((good) => entry.file(good, () => good(null)));
      if (file) found.push({ file, path: entry.fullPath.replace(/^\//, "") });
    } else {
      const reader = entry.createReader();
      for (;;) {
        // A reader gives a hundred at a time, and nothing when all were given.
        const some = await new Promise((good) => reader.readEntries(good, () => good([])));
        if (!some.length) break;
        entries.push(...some);
      }
    }
  }
  return found;
}

class Sending {
  constructor(model, show) {
    this.model = model;
    this.show = show;
    this.waiting = new Map();
    this.next = 0;
    this.page = Math.random().toString(36).slice(2);
    this.clear();
    this.hear = (said) => this.answered(said);
    model.on("msg:custom", this.hear);
  }

  clear() {
    this.queue = [];
    this.files = this.done = this.bytes = this.sent = 0;
    this.running = 0;
    this.stopped = false;
    this.name = "";
  }

  close() {
    this.stop();
    this.model.off("msg:custom", this.hear);
  }

  // One question, one answer; a kernel that is busy answers when it is done.
  ask(message, buffers) {
    const number = `${this.page}-${this.next++}`;
    this.heard = Date.now();
    return new Promise((good) => {
      this.waiting.set(number, good);
      this.model.send({ ...message, number }, undefined, buffers || []);
    });
  }

  answered(said) {
    const good = said && this.waiting.get(said.number);
    if (!good) return;
    this.waiting.delete(said.number);
    this.heard = Date.now();
    good(said);
  }

  add(found) {
    found.sort((one, other) => one.path.localeCompare(other.path, undefined, { numeric: true }));
    this.queue.push(...found);
    this.files += found.length;
    for (const one of found) this.bytes += one.file.size;
    this.stopped = false;
    while (this.running < Math.min(FILES_AT_ONCE, this.queue.length + this.running)) this.work();
    this.show(this);
  }

  async work() {
    this.running += 1;
    while (!this.stopped && this.queue.length) {
      const one = this.queue.shift();
      this.name = one.path;
      this.show(this);
      await this.send(one);
      if (this.stopped) break;
      // Files that were not wanted count as done too, so that the bar ends at its end.
      this.sent += Math.max(0, one.file.size - (one.sent || 0));
      this.done += 1;
      this.show(this);
    }
    this.running -= 1;
    if (this.running === 0) {
      const over = this.ask({ do: "over" });
      // Called off, nobody waits for a kernel that may be gone.
      if (!this.stopped) await over;
      if (this.running === 0 && !this.queue.length) {
        this.clear();
        this.show(this);
      }
    }
  }

  async send(one) {
    const id = `${this.page}-file-${this.next++}`;
    one.sent = 0;
    const asked = await this.ask({ do: "begin", id, name: one.path, size: one.file.size });
    if (asked.answer !== "go") {
      if (this.stopped) this.ask({ do: "cancel", id });
      return;
    }
    const under = [];
    for (let at = 0; at < one.file.size && !this.stopped; at += PIECE) {
      let piece;
      try {
        piece = await one.file.slice(at, at + PIECE).arrayBuffer();
      } catch (error) {
        this.ask({ do: "cancel", id, why: "unreadable" });
        return;
      }
      const answer = this.ask({ do: "piece", id, at }, [piece]).then((said) => {
        one.sent += piece.byteLength;
        this.sent += piece.byteLength;
        this.show(this);
        return said.answer === "go";
      });
      under.push(answer);
      if (under.length >= PIECES_AHEAD && !(await under.shift())) break;
    }
    const whole = (await Promise.all(under)).every(Boolean) && one.sent === one.file.size;
    if (whole && !this.stopped) await this.ask({ do: "end", id });
    else this.ask({ do: "cancel", id });
  }

  stop() {
    this.stopped = true;
    this.queue = [];
    for (const good of this.waiting.values()) good({ answer: "no" });
    this.waiting.clear();
  }
}

function chooser(folder, accept, add) {
  const input = make("input", "");
  input.type = "file";
  input.multiple = true;
  input.hidden = true;
  if (folder) input.webkitdirectory = true;
  else input.accept = accept;
  input.addEventListener("change", () => {
    add([...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
    input.value = "";
  });
  return input;
}

function render({ model, el }) {
  const words = model.get("words");
  el.classList.add("ltx-alive");
  el.dataset.lmSuppressShortcuts = "true";
  const zone = make("div", "ltx-zone");
  zone.setAttribute("role", "group");
  zone.setAttribute("aria-label", words.drop);
  const told = make("div", "ltx-zone-said", words.drop);
  const buttons = make("div", "ltx-zone-buttons");
  const hint = make("div", "ltx-hint", words.hint);
  const bar = make("div", "ltx-bar");
  const filled = make("i", "");
  bar.append(filled);
  bar.setAttribute("role", "progressbar");
  const cancel = make("button", "jupyter-button ltx-small ltx-stop-sending", "Cancel");
  told.setAttribute("aria-live", "polite");

  const show = (sending) => {
    const busy = sending.running > 0 || sending.queue.length > 0;
    zone.classList.toggle("ltx-busy", busy);
    if (!busy) {
      told.textContent = words.drop;
      return;
    }
    const silent = sending.waiting.size && Date.now() - sending.heard > QUIET_MS;
    const which = sending.files > 1 ? `${Math.min(sending.done + 1, sending.files)} of ${sending.files}: ` : "";
    const name = sending.name.split("/").pop();
    const far = `${sizeText(sending.sent)} of ${sizeText(sending.bytes)}`;
    told.textContent = silent
      ? "Waiting: it goes on as soon as the notebook answers. A cell may still be running."
      : `${which}${name} (${far})`;
    const percent = sending.bytes ? (100 * sending.sent) / sending.bytes : 0;
    filled.style.width = `${Math.min(percent, 100).toFixed(1)}%`;
    bar.setAttribute("aria-valuenow", percent.toFixed(0));
  };
  const sending = new Sending(model, show);
  const add = (found) => {
    if (found.length) sending.add(found);
  };

  for (const folder of words.folder ? [false, true] : [false]) {
    const input = chooser(folder, words.accept, add);
    const kind = folder ? "ltx-choose-folder" : "ltx-choose-files";
    const press = make("button", `jupyter-button ltx-small ${kind}`, folder ? words.folder : words.choose);
    press.addEventListener("click", () => input.click());
    buttons.append(press, input);
  }
  cancel.addEventListener("click", () => {
    sending.stop();
    told.textContent = "Stopping ...";
  });
  zone.append(told, bar, buttons, cancel, hint);
  el.append(zone);

  // Jupyter's own answer to a drop, or the browser's (leaving the page for the picture), is not wanted here.
  const over = (event) => {
    event.preventDefault();
    event.stopPropagation();
    zone.classList.add("ltx-over");
  };
  const leave = () => zone.classList.remove("ltx-over");
  const drop = async (event) => {
    event.preventDefault();
    event.stopPropagation();
    leave();
    add(await dropped(event.dataTransfer));
  };
  zone.addEventListener("dragenter", over);
  zone.addEventListener("dragover", over);
  zone.addEventListener("dragleave", leave);
  zone.addEventListener("drop", drop);
  const clock = setInterval(() => show(sending), 1000);
  return () => {
    clearInterval(clock);
    sending.close();
  };
}

export default { render };
