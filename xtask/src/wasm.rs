//! The builds of a cell's Workers: done when something they are made of has changed, and held to their size budgets.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use pages::{style, texts::Tongue};

use crate::checkout::root;
use crate::digest::Fingerprint;
use crate::npm;
use crate::process;
use crate::progress::{duration, note, step};
use crate::toolchain::Toolchain;

/// What a Worker may weigh, gzipped.
const BUDGET: usize = 1 << 20;

/// A Worker of a cell.
#[derive(Clone, Copy, Debug)]
pub struct Worker {
    /// What it is called: the end of its name in a cell, the module that is loaded, and the folder with its build.
    pub name: &'static str,
    /// The file with its configuration.
    pub config: &'static str,
    /// The crate that it is, by its folder,
    crate_dir: &'static str,
    /// with this feature,
    feature: &'static str,
    /// and cargo's profile, as `worker-build` is told.
    profile: &'static [&'static str],
    /// Files and folders that it is built from, besides the workspace's.
    sources: &'static [&'static str],
}

/// The one with the public address.
pub const FRONT: Worker = of_the_cell("front", "wrangler.toml", &["--release"], &[]);
/// The one that works on many complaints at a time.
pub const MIDDLE: Worker = of_the_cell("middle", "wrangler.middle.toml", &["--profile", "middle"], &[]);
/// The one that sends.
pub const COURIER: Worker = of_the_cell("courier", "wrangler.courier.toml", &["--release"], &[]);
/// The one with the Durable Objects.
pub const BACK: Worker = of_the_cell("back", "wrangler.back.toml", &["--release"], &[]);
/// The one with the pages.
pub const WEB: Worker = of_the_cell("web", "wrangler.web.toml", BESIDE, PAGES);
/// The one with a firm's staff and their console.
pub const STAFF: Worker = of_the_cell("staff", "wrangler.staff.toml", &["--release"], PAGES);
/// The one that prints letters and has no data.
pub const PRINT: Worker = Worker {
    name: "print",
    config: "wrangler.print.toml",
    crate_dir: "print",
    feature: "worker",
    profile: BESIDE,
    sources: &["print/Cargo.toml", "print/build.rs", "print/src", "print/print.js", "package-lock.json"],
};

/// The one that makes thumbnails and has no data.
pub const THUMBNAIL: Worker = Worker {
    name: "thumbnail",
    config: "wrangler.thumbnail.toml",
    crate_dir: "thumbnail",
    feature: "worker",
    profile: BESIDE,
    sources: &["thumbnail/Cargo.toml", "thumbnail/src", "thumbnail/thumbnail.js"],
};

/// The Workers of a cell.
pub const WORKERS: [Worker; 8] = [FRONT, MIDDLE, COURIER, BACK, WEB, STAFF, PRINT, THUMBNAIL];

/// The profile of what is built beside the others.
const BESIDE: &[&str] = &["--profile", "beside"];

/// Builds that go on at the same time. Two with one profile would wait for each other, and of one crate write one file.
const LANES: [&[Worker]; 2] = [&[FRONT, COURIER, BACK, STAFF], &[MIDDLE, WEB, PRINT, THUMBNAIL]];

/// The workspace's files that every Worker is built from.
const WORKSPACE: [&str; 2] = ["Cargo.toml", "Cargo.lock"];

/// What every Worker that is the crate `worker` is built from.
const CELL: [&str; 11] = [
    "worker/Cargo.toml",
    "worker/src",
    "worker/examples",
    "durable/Cargo.toml",
    "durable/src",
    "shared/Cargo.toml",
    "shared/build.rs",
    "shared/src",
    "shared/rules",
    "print/Cargo.toml",
    "print/src/page.rs",
];
/// What those are built from besides that show pages.
const PAGES: &[&str] = &["pages/Cargo.toml", "pages/src", "pages/templates", "pages/texts"];
/// What is compiled for one of them alone: whose it is, and where.
const ALONE: [(&str, &str); 2] = [("staff", "worker/src/console"), ("staff", "worker/src/staff")];

/// A Worker that is the crate `worker`, and a feature of it.
const fn of_the_cell(
    name: &'static str,
    config: &'static str,
    profile: &'static [&'static str],
    sources: &'static [&'static str],
) -> Worker {
    Worker { name, config, crate_dir: "worker", feature: name, profile, sources }
}

impl Worker {
    fn output(self) -> PathBuf {
        root().join(self.crate_dir).join("build").join(self.name)
    }

    /// The built module with the names of its functions, for profiles.
    fn named(self) -> PathBuf {
        self.output().join("named/index_bg.wasm")
    }

    /// What says of which sources and tools the build is.
    fn marker(self) -> PathBuf {
        self.output().join(".fingerprint")
    }

    fn is_built(self, toolchain: &Toolchain) -> Result<bool> {
        let built = std::fs::read_to_string(self.marker()).unwrap_or_default();
        Ok(self.named().exists() && built == self.fingerprint(toolchain)?)
    }

    fn build(self, toolchain: &Toolchain) -> Result<()> {
        let started = Instant::now();
        let Worker { name, crate_dir, feature, profile, .. } = self;
        let fingerprint = self.fingerprint(toolchain)?;
        let _ = std::fs::remove_file(self.marker());
        let out = Path::new("build").join(name);
        process::run(&mut toolchain.build_worker(&root().join(crate_dir), feature, profile, &out)?)?;
        std::fs::create_dir_all(self.output().join("named"))?;
        std::fs::copy(self.output().join("index_bg.wasm"), self.named()).context("keeping the names")?;
        strip_names(&self.output().join("index_bg.wasm"))?;
        std::fs::write(self.marker(), fingerprint)?;
        note(&format!("the {name} Worker is built after {}", duration(started.elapsed())));
        Ok(())
    }

    fn fingerprint(self, toolchain: &Toolchain) -> Result<String> {
        let mut files = Vec::new();
        let of_the_cell = if self.crate_dir == "worker" { CELL.as_slice() } else { &[] };
        for source in WORKSPACE.iter().chain(of_the_cell).chain(self.sources) {
            collect(&root().join(source), &mut files)?;
        }
        for (_, source) in ALONE.iter().filter(|(whose, _)| *whose != self.name) {
            let source = root().join(source);
            files.retain(|file| !file.starts_with(&source));
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
    vendor_styles()?;
    vendor_texts()?;
    vendor_console_scripts()?;
    if build_stale(&toolchain)? {
        step("Describing the API from its types", describe_api)?;
    } else {
        note("the Workers are up to date");
    }
    for worker in WORKERS {
        let module = root().join(worker.crate_dir).join(format!("{}.js", worker.name));
        std::fs::copy(&module, worker.output().join("entry.js")).with_context(|| module.display().to_string())?;
    }
    check_size()
}

/// Builds the Workers that something has changed of. Whether there were any.
fn build_stale(toolchain: &Toolchain) -> Result<bool> {
    let mut stale = Vec::new();
    for worker in WORKERS {
        if !worker.is_built(toolchain)? {
            stale.push(worker);
        }
    }
    if stale.is_empty() {
        return Ok(false);
    }
    let names: Vec<&str> = stale.iter().map(|worker| worker.name).collect();
    let title = format!("Building the Workers {}, panic=unwind ({})", names.join(", "), toolchain.identity());
    let stale = |worker: &&Worker| names.contains(&worker.name);
    step(&title, || {
        std::thread::scope(|scope| {
            let lane = |lane: &'static [Worker]| {
                scope.spawn(move || lane.iter().filter(stale).try_for_each(|worker| worker.build(toolchain)))
            };
            let lanes: Vec<_> = LANES.into_iter().map(lane).collect();
            lanes.into_iter().try_for_each(|lane| lane.join().unwrap_or_else(|_| bail!("a build has panicked")))
        })
    })?;
    Ok(true)
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

/// What the heaviest weighs, gzipped, in bytes.
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
        write_if_other(&vendor.join(name), &script)?;
    }
    Ok(())
}

/// Stylesheets: the framework's and ours in one file each; and the console's icon.
fn vendor_styles() -> Result<()> {
    let framework = std::fs::read_to_string(root().join(style::FRAMEWORK)).context(style::FRAMEWORK)?;
    for (path, own) in [(style::PATH, style::OWN), (style::CONSOLE_PATH, style::CONSOLE)] {
        write_if_other(&asset(path), style::whole(&framework, own).as_bytes())?;
    }
    write_if_other(&asset(style::CONSOLE_ICON_PATH), style::CONSOLE_ICON.as_bytes())
}

/// What the portal says, for admins who want to say it otherwise.
fn vendor_texts() -> Result<()> {
    for tongue in Tongue::ALL {
        let words = root().join("pages/texts").join(tongue.tag()).with_extension("json");
        let words = std::fs::read(&words).with_context(|| words.display().to_string())?;
        write_if_other(&asset(&tongue.asset()), &words)?;
    }
    Ok(())
}

/// The console's scripts: htmx, and ours, in JavaScript.
fn vendor_console_scripts() -> Result<()> {
    let htmx = std::fs::read(root().join("node_modules/htmx.org/dist/htmx.min.js")).context("htmx")?;
    write_if_other(&asset("/vendor/htmx.js"), &htmx)?;
    let mut esbuild = Command::new(npm::bin("esbuild"));
    esbuild.args(["pages/scripts/console.ts", "--bundle", "--minify", "--target=es2022", "--log-level=warning"]);
    let console = process::output(esbuild.current_dir(root()))?.stdout;
    write_if_other(&asset("/vendor/console.js"), &console)
}

/// Whether our scripts' types are right.
pub fn check_scripts() -> Result<()> {
    let mut tsc = Command::new(npm::bin("tsc"));
    process::run(tsc.args(["--project", "pages/scripts"]).current_dir(root()))
}

/// The file that is served at a path.
fn asset(path: &str) -> PathBuf {
    root().join("worker/assets").join(path.trim_start_matches('/'))
}

/// Writes an asset, which stays untouched when it is the same: stacks that run serve it, and would start their Workers again.
fn write_if_other(path: &Path, content: &[u8]) -> Result<()> {
    if std::fs::read(path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    std::fs::write(path, content).with_context(|| path.display().to_string())
}

/// Writes the OpenAPI document, which is made by the Worker's own crate, compiled for this machine. With the same features as for its
/// tests, so that it is compiled once.
fn describe_api() -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.args([
        "build",
        "--quiet",
        "--workspace",
        "--exclude",
        "integration",
        "--all-features",
        "--example",
        "openapi",
    ]);
    process::run(cargo.current_dir(root()))?;
    let document = process::output(&mut Command::new(root().join("target/debug/examples/openapi")))?.stdout;
    write_if_other(&asset("/openapi.json"), &document)
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
