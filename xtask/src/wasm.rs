//! The release build of the Worker: done when something it is made of has changed, and held to its size budget.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::checkout::root;
use crate::digest::Fingerprint;
use crate::npm;
use crate::process;
use crate::progress::{note, step};
use crate::toolchain::Toolchain;

/// What the Worker may weigh, gzipped.
const BUDGET: usize = 1 << 20;
/// Files and folders the Worker is built from.
const SOURCES: [&str; 12] = [
    "Cargo.toml",
    "Cargo.lock",
    "worker/Cargo.toml",
    "worker/src",
    "worker/examples",
    "worker/entry.js",
    "durable/Cargo.toml",
    "durable/src",
    "shared/Cargo.toml",
    "shared/build.rs",
    "shared/src",
    "shared/rules",
];

/// The folder `worker-build` writes to.
pub fn output() -> PathBuf {
    root().join("worker/build")
}

/// The built module with the names of its functions, for profiles.
fn named() -> PathBuf {
    output().join("named/index_bg.wasm")
}

/// Installs what is missing, builds if need be, and checks the size.
pub fn build() -> Result<()> {
    npm::install()?;
    let toolchain = Toolchain::ready()?;
    let _one_at_a_time = lock()?;
    vendor_docs_script()?;
    let fingerprint = fingerprint(&toolchain)?;
    let marker = output().join(".fingerprint");
    if named().exists() && std::fs::read_to_string(&marker).is_ok_and(|built| built == fingerprint) {
        note("the Worker is up to date");
    } else {
        let _ = std::fs::remove_file(&marker);
        step(&format!("Building the Worker, release, panic=unwind ({})", toolchain.identity()), || {
            process::run(&mut toolchain.build_worker(&root().join("worker"))?)
        })?;
        std::fs::create_dir_all(output().join("named"))?;
        std::fs::copy(output().join("index_bg.wasm"), named()).context("keeping the names")?;
        strip_names(&output().join("index_bg.wasm"))?;
        step("Describing the API from its types", describe_api)?;
        std::fs::write(&marker, fingerprint)?;
    }
    std::fs::copy(root().join("worker/entry.js"), output().join("entry.js")).context("copying entry.js")?;
    check_size()
}

/// Copies the built Worker to a folder of its own, so that a later build does not disturb who runs it. With the names of
/// functions it does the same and is a tenth larger.
pub fn copy_to(target: &Path, with_names: bool) -> Result<()> {
    let _not_while_building = lock()?;
    std::fs::create_dir_all(target)?;
    for entry in std::fs::read_dir(output()).context("the Worker is not built yet: run `cargo xtask build`")? {
        let entry = entry?;
        if matches!(entry.path().extension().and_then(|name| name.to_str()), Some("js" | "wasm")) {
            std::fs::copy(entry.path(), target.join(entry.file_name()))?;
        }
    }
    if with_names {
        std::fs::copy(named(), target.join("index_bg.wasm")).context("the build with names")?;
    }
    Ok(())
}

/// Takes the names of functions out: a tenth of the size, and a panic says its file and line without them.
fn strip_names(path: &Path) -> Result<()> {
    const HEADER: usize = 8;
    let module = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    let mut kept = module.get(..HEADER).context("the build is no wasm module")?.to_vec();
    let mut at = HEADER;
    while at < module.len() {
        let (size, content) = leb128(&module, at + 1).context("the build ends in the middle of a section")?;
        let end = content + size;
        let section = module.get(at..end).context("the build ends in the middle of a section")?;
        // A custom section, id 0, begins with the length of its name and the name.
        if !(module[at] == 0 && module[content..end].starts_with(b"\x04name")) {
            kept.extend_from_slice(section);
        }
        at = end;
    }
    Ok(std::fs::write(path, kept)?)
}

/// An unsigned LEB128 number, and where it ends.
fn leb128(bytes: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = *bytes.get(at)?;
        value |= usize::from(byte & 0x7f).checked_shl(shift)?;
        (at, shift) = (at + 1, shift + 7);
        if byte & 0x80 == 0 {
            return Some((value, at));
        }
    }
}

fn check_size() -> Result<()> {
    let total = weight()?;
    if total > BUDGET {
        bail!("the Worker weighs {} KiB gzipped; its budget is {} KiB", total.div_ceil(1024), BUDGET / 1024);
    }
    Ok(())
}

/// What the built Worker weighs, gzipped, in bytes; each part is said.
pub fn weight() -> Result<usize> {
    let mut total = 0;
    for name in ["index_bg.wasm", "index.js"] {
        let path = output().join(name);
        let bytes = std::fs::read(&path).with_context(|| format!("the build left no {}", path.display()))?;
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(&bytes)?;
        let packed = gzip.finish()?.len();
        note(&format!("{name}: {} KiB, gzipped {} KiB", bytes.len().div_ceil(1024), packed.div_ceil(1024)));
        total += packed;
    }
    Ok(total)
}

/// The docs page loads its script from this origin, never from a third party.
fn vendor_docs_script() -> Result<()> {
    let vendor = root().join("worker/assets/vendor");
    std::fs::create_dir_all(&vendor)?;
    for name in ["redoc.standalone.js", "redoc.standalone.js.LICENSE.txt"] {
        let script = std::fs::read(root().join("node_modules/redoc/bundles").join(name))
            .with_context(|| format!("redoc's {name}"))?;
        // Untouched when the same, so that a running `wrangler dev` does not reload.
        if std::fs::read(vendor.join(name)).ok().as_ref() != Some(&script) {
            std::fs::write(vendor.join(name), script)?;
        }
    }
    Ok(())
}

/// Writes the OpenAPI document, which is made by the Worker's own crate, compiled for this machine.
fn describe_api() -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--quiet", "--package", "redress", "--example", "openapi"]).current_dir(root());
    let document = process::output(&mut cargo)?.stdout;
    let path = root().join("worker/assets/openapi.json");
    // Untouched when the same: stacks that run serve it, and would start their Workers again.
    if std::fs::read(&path).ok().as_ref() != Some(&document) {
        std::fs::write(path, document)?;
    }
    Ok(())
}

/// Held while a build writes its output and while someone copies it.
fn lock() -> Result<File> {
    let target = root().join("target");
    std::fs::create_dir_all(&target)?;
    let file = File::create(target.join("wasm-build.lock"))?;
    if file.try_lock().is_err() {
        note("waiting for another build of this checkout");
        file.lock()?;
    }
    Ok(file)
}

fn fingerprint(toolchain: &Toolchain) -> Result<String> {
    let mut files = Vec::new();
    for source in SOURCES {
        collect(&root().join(source), &mut files)?;
    }
    files.sort();
    let mut fingerprint = Fingerprint::default();
    fingerprint.add(toolchain.identity().as_bytes());
    for file in files {
        fingerprint.add(file.to_string_lossy().as_bytes());
        fingerprint.add(&std::fs::read(&file)?);
    }
    Ok(fingerprint.finish())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            collect(&entry?.path(), files)?;
        }
    } else if path.exists() {
        files.push(path.to_owned());
    }
    Ok(())
}
