// The bundle step puts this behind the script of a program that comes in two parts. The first part is what the page
// needs to stand; the rest is fetched ahead of need, and at once where it is needed sooner.

// How long the page may stand before the rest is fetched, unless somebody touches it: who does is about to ask more.
const REST_AFTER_MS = 5000;
const TOUCHES = ["pointermove", "pointerdown", "keydown", "wheel"];

const restUrl = new URL(REST, import.meta.url);
const restImports = {};
let isRestThere = false;

function takeRest(module) {
  if (!isRestThere) new WebAssembly.Instance(module, { ...restImports, first: wasm });
  isRestThere = true;
}

// Called by the first part, in the middle of something: it cannot wait as scripts wait.
function loadRest() {
  if (isRestThere) return;
  const request = new XMLHttpRequest();
  request.open("GET", restUrl, false);
  // The only way in which a page may read bytes like this.
  request.overrideMimeType("text/plain; charset=x-user-defined");
  try {
    request.send();
    if (request.status !== 200) throw new Error(`its server answers ${request.status}`);
    const bytes = Uint8Array.from(request.responseText, (letter) => letter.charCodeAt(0) & 0xff);
    takeRest(new WebAssembly.Module(bytes));
  } catch (error) {
    const told = new Error(`a part of it could not be fetched (${error.message ?? error})`);
    globalThis.programs?.fail(told);
    throw told;
  }
}

let fetching;

// Ahead of need: it is asked for again when it is needed, and what is wrong is said then.
function fetchRest() {
  TOUCHES.forEach((kind) => globalThis.removeEventListener(kind, fetchRest, true));
  if (isRestThere) return;
  fetching ??= WebAssembly.compileStreaming(fetch(restUrl))
    .then(takeRest)
    .catch(() => (fetching = undefined));
}

function withRest(imports) {
  Object.assign(restImports, imports);
  return { ...imports, rest: { load: loadRest } };
}

// What the service worker has kept is taken along from the start: without a network there is no other way to it.
let keptRest;

async function initWithRest(...args) {
  try {
    const kept = await caches.match(restUrl);
    keptRest = kept && (await WebAssembly.compileStreaming(kept));
  } catch {
    // No safe context, or storage is denied: nothing is kept.
  }
  const started = await __wbg_init(...args);
  if (!isRestThere) {
    TOUCHES.forEach((kind) => globalThis.addEventListener(kind, fetchRest, { capture: true, passive: true }));
    setTimeout(fetchRest, REST_AFTER_MS);
  }
  return started;
}
