//! Compresses the web bundle, if it was built, and lists it for the program.
//! Without a bundle the program serves one page that says how to build it.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};
use xxhash_rust::xxh3::xxh3_64;

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let bundle = manifest.join("../dist");
    let fallback = manifest.join("assets/no-dashboard.html");
    // Watching a folder that is not there would run this script, and compile the crate, every time.
    fs::create_dir_all(&bundle)?;
    println!("cargo::rerun-if-changed={}", bundle.display());
    println!("cargo::rerun-if-changed={}", fallback.display());

    let mut files = Vec::new();
    if bundle.join("index.html").is_file() {
        collect(&bundle, "", &mut files)?;
    } else {
        files.push(("/index.html".to_owned(), fallback));
    }
    files.sort();
    let mut list = String::from("static ASSETS: &[Asset] = &[\n");
    for (number, (path, file)) in files.iter().enumerate() {
        let content = fs::read(file)?;
        let packed = out.join(format!("asset-{number}.gz"));
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&content)?;
        fs::write(&packed, encoder.finish()?)?;
        let (kind, immutable) = (content_type(path), has_hash(path));
        let hash = xxh3_64(&content);
        writeln!(
            list,
            "    Asset {{ path: {path:?}, content_type: {kind:?}, etag: \"\\\"{hash:016x}\\\"\", \
             is_immutable: {immutable}, gzip: include_bytes!({packed:?}) }},",
        )
        .expect("writing to a string does not fail");
    }
    list.push_str("];\n");
    fs::write(out.join("assets.rs"), list)
}

fn collect(folder: &Path, path: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let path = format!("{path}/{name}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &path, files)?;
        } else {
            files.push((path, entry.path()));
        }
    }
    Ok(())
}

/// Does the file's name hold the hash of its content, as Trunk writes it: `app-0123456789abcdef.js`?
fn has_hash(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_hash = |part: &str| part.len() == 16 && part.bytes().all(|b| b.is_ascii_hexdigit());
    name.split(['-', '.', '_']).any(is_hash)
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
