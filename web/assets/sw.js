// Keeps the page usable without a network. The bundle step fills in the two constants; as it stands here, for work on
// the page, it keeps nothing. Only the page's own files are touched: what a node answers always comes from the node.

const VERSION = "";
const FILES = [];

// Several dashboards may be mounted on one origin, and share its caches.
const OURS = `rumormill ${registration.scope} `;
const CACHE = OURS + VERSION;

// A name with a hash in it never gets another content.
const isFixed = (name) => /[0-9a-f]{16}/.test(name);

const nameOf = (request) => {
  const { href } = new URL(request.url);
  const name = href.split(/[?#]/)[0];
  if (!name.startsWith(registration.scope)) return undefined;
  return name.slice(registration.scope.length) || "index.html";
};

addEventListener("install", (event) => {
  const keep = async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll(FILES.map((name) => new Request(name, { cache: isFixed(name) ? "default" : "no-cache" })));
    await skipWaiting();
  };
  event.waitUntil(keep());
});

addEventListener("activate", (event) => {
  const tidy = async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith(OURS) && name !== CACHE).map((name) => caches.delete(name)));
    await clients.claim();
  };
  event.waitUntil(tidy());
});

addEventListener("fetch", (event) => {
  const name = event.request.method === "GET" ? nameOf(event.request) : undefined;
  if (!FILES.includes(name)) return;
  const kept = async () => (await caches.open(CACHE)).match(name);
  const answer = async () => {
    if (isFixed(name)) return (await kept()) ?? fetch(event.request);
    // A server that has a newer page is believed; one that cannot be reached is not needed.
    try {
      return await fetch(event.request);
    } catch (error) {
      const file = await kept();
      if (file) return file;
      throw error;
    }
  };
  event.respondWith(answer());
});
