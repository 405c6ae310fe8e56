// The page of the web view: shows the stream, reads the numbers twice a second, sends choices.
"use strict";

const POLL_MS = 500;
const SEND_MS = 100; // a slider that is dragged sends ten times a second, not a hundred
const SETTLE_MS = 1000; // after a choice, numbers that are older than it may still come
const SILENT_S = 3; // after which a loop that shows nothing counts as silent
const MODES = ["overlay", "original", "classes"];
const OPACITIES = [25, 50, 75, 100];
const SEEN = 0.0005; // share from which a class counts as on the picture

const byId = (id) => document.getElementById(id);
const picture = byId("picture");
const opacity = byId("opacity");
const panels = byId("panels");
const modes = document.querySelectorAll("input[name=mode]");
let rows = []; // of the legend
let changes = {}; // that are still to be sent
let sending = null; // timer
let polling = null; // timer
let chosenAt = -Infinity;
let connected = false;

async function fetchJson(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(4000) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

function connect() {
  picture.src = `/stream.mjpg?${Date.now()}`; // a new address, or the browser shows the old stream
  connected = true;
}

function disconnect() {
  picture.removeAttribute("src");
  connected = false;
}

function element(name, classes, text = "") {
  const made = document.createElement(name);
  made.className = classes;
  made.textContent = text;
  return made;
}

function buildLegend(classes) {
  rows = classes.map(({ name, color }) => {
    const item = element("li", "absent");
    const swatch = element("span", "swatch");
    swatch.style.background = color;
    const bar = element("span", "bar");
    bar.append(element("i", ""));
    bar.setAttribute("aria-hidden", "true");
    const label = element("span", "name", name);
    label.title = name;
    const share = element("span", "share", "–");
    item.append(swatch, label, bar, share);
    return { item, fill: bar.firstChild, share };
  });
  byId("legend").replaceChildren(...rows.map((row) => row.item));
}

function percent(share) {
  if (share < SEEN) return "–";
  return share < 0.01 ? "<1%" : `${Math.round(100 * share)}%`;
}

function describe(numbers) {
  const age = `picture ${numbers.stale_s ?? 0} s old`;
  if (numbers.stream === "starting") return ["starting", "starting"];
  if (numbers.stream === "ended") return ["ended", "ended"];
  if (numbers.stream === "lost") return ["lost", `stream lost, ${age}, reconnecting`];
  if (numbers.stream === "frozen") return ["frozen", `stream frozen, ${age}`];
  if (numbers.paused) return ["paused", "paused"];
  if (numbers.silent_s > SILENT_S) {
    return ["silent", `nothing new for ${Math.round(numbers.silent_s)} s`];
  }
  if (numbers.stale_s > 0) return ["stale", age];
  return numbers.warning ? ["warning", numbers.warning] : ["live", "live"];
}

function showState(kind, text) {
  const state = byId("state");
  if (state.textContent !== text) state.textContent = text; // or a reader repeats it
  state.dataset.stream = kind;
  picture.parentElement.classList.toggle("waiting", kind === "unreachable");
}

function showNumbers(numbers) {
  showState(...describe(numbers));
  if (numbers.fps !== undefined) {
    byId("fps").textContent = numbers.fps.toFixed(1);
    for (const [name, ms] of Object.entries(numbers.latency_ms)) {
      byId(name).textContent = `${Math.round(ms)} ms`;
    }
    const causes = Object.entries(numbers.drops).filter(([, count]) => count > 0);
    const words = causes.map(([cause, count]) => `${count} ${cause}`).join(", ");
    byId("drops").textContent = `Frame ${numbers.index}, dropped: ${words || "none"}`;
    numbers.shares.forEach((share, index) => {
      rows[index].share.textContent = percent(share);
      rows[index].fill.style.width = `${100 * share}%`;
      rows[index].item.classList.toggle("absent", share < SEEN);
    });
  }
  if (Date.now() - chosenAt > SETTLE_MS) showView(numbers.view);
}

function showView(view) {
  for (const radio of modes) radio.checked = radio.value === view.mode;
  panels.checked = view.legend;
  opacity.value = Math.round(100 * view.opacity);
  opacity.disabled = view.mode !== "overlay";
  showOpacity();
}

function showOpacity() {
  byId("opacity-value").textContent = `${opacity.value} %`;
}

function change(setting) {
  chosenAt = Date.now();
  opacity.disabled = byId("controls").elements.mode.value !== "overlay";
  Object.assign(changes, setting);
  sending ??= setTimeout(send, SEND_MS);
}

async function send() {
  const body = JSON.stringify(changes);
  changes = {};
  try {
    await fetch("/view", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
      signal: AbortSignal.timeout(4000),
    });
  } catch {
    // The next look at the numbers shows that nobody answers.
  }
  sending = Object.keys(changes).length ? setTimeout(send, SEND_MS) : null;
}

function saveSnapshot() {
  const link = document.createElement("a");
  link.href = "/snapshot.jpg";
  link.download = "";
  link.click();
}

const KEYS = {
  m() {
    const shown = MODES.findIndex((mode) => byId("controls").elements.mode.value === mode);
    const next = MODES[(shown + 1) % MODES.length];
    for (const radio of modes) radio.checked = radio.value === next;
    change({ mode: next });
  },
  o() {
    opacity.value = OPACITIES.find((step) => step > Number(opacity.value)) ?? OPACITIES[0];
    showOpacity();
    change({ opacity: opacity.value / 100 });
  },
  l() {
    panels.checked = !panels.checked;
    change({ legend: panels.checked });
  },
  s: saveSnapshot,
};

async function poll() {
  clearTimeout(polling);
  try {
    if (rows.length === 0) {
      const model = await fetchJson("/model.json");
      buildLegend(model.classes);
      if (model.title) document.title = byId("title").textContent = model.title;
    }
    const numbers = await fetchJson("/status.json");
    if (!connected) connect();
    showNumbers(numbers);
  } catch {
    disconnect();
    showState("unreachable", "no answer from the program");
  }
  if (!document.hidden) polling = setTimeout(poll, POLL_MS);
}

for (const radio of modes) radio.addEventListener("change", () => change({ mode: radio.value }));
opacity.addEventListener("input", () => {
  showOpacity();
  change({ opacity: opacity.value / 100 });
});
panels.addEventListener("change", () => change({ legend: panels.checked }));
byId("snapshot").addEventListener("click", saveSnapshot);
byId("controls").addEventListener("submit", (event) => event.preventDefault());
picture.addEventListener("error", disconnect); // the next poll connects again
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  KEYS[event.key.toLowerCase()]?.();
});
document.addEventListener("visibilitychange", () => {
  // A page that nobody sees costs nothing.
  if (document.hidden) disconnect();
  else poll();
});
poll();
