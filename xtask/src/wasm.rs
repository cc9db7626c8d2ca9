//! The builds of a cell's two Workers: done when something they are made of has changed, and held to their size budgets.

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

/// What a Worker may weigh, gzipped.
const BUDGET: usize = 1 << 20;

/// A Worker of a cell.
#[derive(Clone, Copy, Debug)]
pub struct Worker {
    /// The feature of the crate, the module that is loaded, and the folder below [`output`].
    pub name: &'static str,
    /// The file with its configuration.
    pub config: &'static str,
    /// The flag of `worker-build` that names cargo's profile.
    profile: &'static [&'static str],
}

/// The one with the public address.
pub const FRONT: Worker = Worker { name: "front", config: "wrangler.toml", profile: &["--release"] };
/// The one that is asked by the front alone.
pub const BACK: Worker = Worker { name: "back", config: "wrangler.back.toml", profile: &["--profile", "back"] };

const WORKERS: [Worker; 2] = [FRONT, BACK];

/// Files and folders the Workers are built from.
const SOURCES: [&str; 13] = [
    "Cargo.toml",
    "Cargo.lock",
    "worker/Cargo.toml",
    "worker/src",
    "worker/examples",
    "worker/front.js",
    "worker/back.js",
    "durable/Cargo.toml",
    "durable/src",
    "shared/Cargo.toml",
    "shared/build.rs",
    "shared/src",
    "shared/rules",
];

/// The folder with what is built, a folder a Worker.
fn output() -> PathBuf {
    root().join("worker/build")
}

impl Worker {
    fn output(self) -> PathBuf {
        output().join(self.name)
    }

    /// The built module with the names of its functions, for profiles.
    fn named(self) -> PathBuf {
        self.output().join("named/index_bg.wasm")
    }

    fn build(self, toolchain: &Toolchain) -> Result<()> {
        let Worker { name, profile, .. } = self;
        let title = format!("Building the {name} Worker, panic=unwind ({})", toolchain.identity());
        step(&title, || {
            let out = Path::new("build").join(name);
            process::run(&mut toolchain.build_worker(&root().join("worker"), name, profile, &out)?)
        })?;
        std::fs::create_dir_all(self.output().join("named"))?;
        std::fs::copy(self.output().join("index_bg.wasm"), self.named()).context("keeping the names")?;
        strip_names(&self.output().join("index_bg.wasm"))
    }

    /// What it weighs, gzipped, in bytes; each part is said.
    fn weight(self) -> Result<usize> {
        let mut total = 0;
        for file in ["index_bg.wasm", "index.js"] {
            let path = self.output().join(file);
            let bytes = std::fs::read(&path).with_context(|| format!("the build left no {}", path.display()))?;
            let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
            gzip.write_all(&bytes)?;
            let packed = gzip.finish()?.len();
            let Worker { name, .. } = self;
            note(&format!("{name}/{file}: {} KiB, gzipped {} KiB", bytes.len().div_ceil(1024), packed.div_ceil(1024)));
            total += packed;
        }
        Ok(total)
    }
}

/// Installs what is missing, builds if need be, and checks the size.
pub fn build() -> Result<()> {
    npm::install()?;
    let toolchain = Toolchain::ready()?;
    let _one_at_a_time = lock()?;
    vendor_docs_script()?;
    let fingerprint = fingerprint(&toolchain)?;
    let marker = output().join(".fingerprint");
    if WORKERS.iter().all(|worker| worker.named().exists())
        && std::fs::read_to_string(&marker).is_ok_and(|built| built == fingerprint)
    {
        note("the Workers are up to date");
    } else {
        let _ = std::fs::remove_file(&marker);
        WORKERS.iter().try_for_each(|worker| worker.build(&toolchain))?;
        step("Describing the API from its types", describe_api)?;
        std::fs::write(&marker, fingerprint)?;
    }
    for worker in WORKERS {
        let module = format!("{}.js", worker.name);
        std::fs::copy(root().join("worker").join(&module), worker.output().join("entry.js")).context(module)?;
    }
    check_size()
}

/// Copies the built Workers to folders of their own below `target`, so that a later build does not disturb who runs them. With the
/// names of functions they do the same and are a tenth larger.
pub fn copy_to(target: &Path, with_names: bool) -> Result<()> {
    let _not_while_building = lock()?;
    for worker in WORKERS {
        let target = target.join(worker.name);
        std::fs::create_dir_all(&target)?;
        let built = std::fs::read_dir(worker.output());
        for entry in built.context("the Workers are not built yet: run `cargo xtask build`")? {
            let entry = entry?;
            if matches!(entry.path().extension().and_then(|name| name.to_str()), Some("js" | "wasm")) {
                std::fs::copy(entry.path(), target.join(entry.file_name()))?;
            }
        }
        if with_names {
            std::fs::copy(worker.named(), target.join("index_bg.wasm")).context("the build with names")?;
        }
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

/// What the heavier of the two weighs, gzipped, in bytes.
pub fn heaviest() -> Result<usize> {
    let weights = WORKERS.iter().map(|worker| worker.weight()).collect::<Result<Vec<_>>>()?;
    weights.into_iter().max().context("there is a Worker")
}

fn check_size() -> Result<()> {
    for worker in WORKERS {
        let total = worker.weight()?;
        if total > BUDGET {
            let (weight, budget) = (total.div_ceil(1024), BUDGET / 1024);
            bail!("the {} Worker weighs {weight} KiB gzipped; its budget is {budget} KiB", worker.name);
        }
    }
    Ok(())
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
