// Runs a test program that was compiled to WebAssembly: the test harness prints and exits through WASI.
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

const [file, ...rest] = process.argv.slice(2);
const here = process.cwd();
const wasi = new WASI({
  version: "preview1",
  args: [file, ...rest],
  env: { RUST_BACKTRACE: process.env.RUST_BACKTRACE ?? "0" },
  preopens: { [here]: here },
  returnOnExit: true,
});
const module = await WebAssembly.compile(await readFile(file));
process.exitCode = wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
