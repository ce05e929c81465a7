"""Runs a test program that was compiled to WebAssembly: the test harness prints and exits through WASI."""

import os
import sys

from wasmtime import Engine, ExitTrap, Linker, Module, Store, WasiConfig

here = os.getcwd()
system = WasiConfig()
system.argv = sys.argv[1:]
system.env = [("RUST_BACKTRACE", os.environ.get("RUST_BACKTRACE", "0"))]
system.inherit_stdout()
system.inherit_stderr()
system.preopen_dir(here, here)

engine = Engine()
store = Store(engine)
store.set_wasi(system)
linker = Linker(engine)
linker.define_wasi()
program = linker.instantiate(store, Module.from_file(engine, sys.argv[1]))
try:
    program.exports(store)["_start"](store)
except ExitTrap as end:
    sys.exit(end.code)
