// Behind the script of a program that tells which of its functions run (`cargo xtask first-load`); never in a bundle.

const ran = new Uint8Array(1 << 16);

function withWatch(imports) {
  const channel = new BroadcastChannel("watch");
  channel.onmessage = ({ data }) => {
    if (data === "tell") channel.postMessage({ program: PROGRAM, ran: [...ran.keys()].filter((at) => ran[at]) });
  };
  return { ...imports, watch: { runs: (at) => (ran[at] = 1) } };
}
