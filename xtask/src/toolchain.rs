//! The wasm toolchain: the one place that knows where the compiler and its companions come from (`docs/toolchain.md` says why).
//!
//! One compiler version everywhere, whichever way it arrives: through rustup where rustup's host answers, from Debian's packages
//! where it does not. Both bring the library's source, from which std is built with `panic=unwind`; nothing is taken from the
//! user's own toolchains, and nothing of theirs is changed.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::checkout;
use crate::npm;
use crate::process;
use crate::progress::{note, step};

/// The compiler for wasm: rustup's toolchain of this name, or Debian's `rustc-web` of this version.
const RUST: &str = "1.96.0";
/// Debian's packages (bookworm-security) that together are that compiler.
const DEBIAN: [&str; 5] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "lld-22"];
/// How std is built: its sorting, formatting and searching in their smaller forms, a thirtieth of the Worker's size.
const STD_FEATURES: &str = "optimize_for_size";
const WORKER_BUILD: Tool = Tool { package: "worker-build", version: "0.8.7", binary: "worker-build" };
/// Must equal the version of the `wasm-bindgen` library in `Cargo.lock`.
const WASM_BINDGEN: Tool = Tool { package: "wasm-bindgen-cli", version: "0.2.130", binary: "wasm-bindgen" };

/// Everything a wasm build needs, installed.
#[derive(Debug)]
pub struct Toolchain {
    compiler: Compiler,
    shims: PathBuf,
    worker_build: PathBuf,
    wasm_bindgen: PathBuf,
}

/// A folder that holds `cargo` and `rustc` with the library's source beside them.
#[derive(Debug)]
struct Compiler {
    bin: PathBuf,
    origin: &'static str,
}

/// A program installed from crates.io into the cache, one folder a version.
struct Tool {
    package: &'static str,
    version: &'static str,
    binary: &'static str,
}

impl Toolchain {
    /// Finds everything, installing what is missing.
    pub fn ready() -> Result<Toolchain> {
        let compiler = Compiler::ready()?;
        let shims = write_shims(&compiler)?;
        Ok(Toolchain { compiler, shims, worker_build: WORKER_BUILD.ready()?, wasm_bindgen: WASM_BINDGEN.ready()? })
    }

    /// What decides the outcome of a build besides the sources.
    pub fn identity(&self) -> String {
        format!(
            "rustc {RUST} ({}), std {STD_FEATURES}, worker-build {}, wasm-bindgen {}",
            self.compiler.origin, WORKER_BUILD.version, WASM_BINDGEN.version
        )
    }

    /// A build of a Worker of the crate in `crate_dir`, by its feature, that survives a panic: only the panicking request fails.
    /// `profile` is the flag that names cargo's profile, `out` the folder below the crate's that is written to.
    pub fn build_worker(&self, crate_dir: &Path, feature: &str, profile: &[&str], out: &Path) -> Result<Command> {
        let mut command = Command::new(&self.worker_build);
        command
            .args(profile)
            .args(["--panic-unwind", "--out-dir"])
            .arg(out)
            .args([".", "--no-default-features", "--features", feature])
            .current_dir(crate_dir)
            .env("PATH", npm::path_with(self.shims.clone())?)
            .env("CARGO_UNSTABLE_BUILD_STD_FEATURES", STD_FEATURES)
            .env("WASM_BINDGEN_BIN", &self.wasm_bindgen)
            .env("WASM_OPT_BIN", npm::bin("wasm-opt"))
            .env("ESBUILD_BIN", npm::bin("esbuild"));
        // Left by the cargo that runs this program; they would lead to its own compiler.
        for variable in ["CARGO", "RUSTC", "RUSTC_WRAPPER", "RUSTUP_TOOLCHAIN", "RUSTFLAGS", "LD_LIBRARY_PATH"] {
            command.env_remove(variable);
        }
        Ok(command)
    }
}

impl Compiler {
    fn ready() -> Result<Compiler> {
        if let Some(found) = Compiler::from_rustup().or_else(Compiler::from_debian) {
            return Ok(found);
        }
        let by_rustup = step(&format!("Installing Rust {RUST} with the library's source through rustup"), || {
            let installed = process::output(Command::new("rustup").env("RUSTUP_MAX_RETRIES", "1").args([
                "toolchain",
                "install",
                RUST,
                "--profile",
                "minimal",
                "--component",
                "rust-src",
                "--no-self-update",
            ]));
            // Out of reach is not yet a failure: Debian's packages come next.
            if let Err(error) = &installed {
                note(&format!("{error:#}"));
            }
            Ok(installed.is_ok())
        })?;
        if !by_rustup {
            step(&format!("Installing Rust {RUST} from Debian's packages instead"), install_from_debian)?;
        }
        Compiler::from_rustup().or_else(Compiler::from_debian).with_context(|| {
            format!("Rust {RUST} with the library's source could not be installed, neither by rustup nor by apt-get: see docs/toolchain.md")
        })
    }

    fn from_rustup() -> Option<Compiler> {
        let cargo = Command::new("rustup")
            .args(["which", "--toolchain", RUST, "cargo"])
            .output()
            .ok()
            .filter(|out| out.status.success())?;
        let bin = PathBuf::from(String::from_utf8(cargo.stdout).ok()?.trim()).parent()?.to_owned();
        Compiler { bin, origin: "rustup" }.complete()
    }

    fn from_debian() -> Option<Compiler> {
        let linker = Path::new("/usr/bin/rust-lld").exists();
        Compiler { bin: "/usr/bin".into(), origin: "Debian" }.complete().filter(|_| linker)
    }

    /// Itself, if it is the right version and can build std.
    fn complete(self) -> Option<Compiler> {
        let version =
            Command::new(self.bin.join("rustc")).arg("--version").env_remove("LD_LIBRARY_PATH").output().ok()?;
        let right = String::from_utf8_lossy(&version.stdout).starts_with(&format!("rustc {RUST} "));
        let source = self.bin.join("../lib/rustlib/src/rust/library/std/Cargo.toml").exists();
        let cargo = self.bin.join("cargo").exists();
        (right && source && cargo).then_some(self)
    }
}

fn install_from_debian() -> Result<()> {
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("rustup's download host is out of reach and this machine has no apt-get: see docs/toolchain.md");
    }
    install_packages(&DEBIAN)
}

/// Installs packages of Debian's.
pub fn install_packages(packages: &[&str]) -> Result<()> {
    let root = nix::unistd::geteuid().is_root();
    let apt = |args: &[&str]| {
        let mut command = Command::new(if root { "apt-get" } else { "sudo" });
        if !root {
            command.args(["-n", "apt-get"]);
        }
        process::output(command.args(args).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    apt(&["update", "-q"])?;
    apt(&[["install", "-q", "-y", "--no-install-recommends"].as_slice(), packages].concat())?;
    Ok(())
}

/// Writes the three programs that `worker-build --panic-unwind` finds first in its path.
///
/// It asks for `cargo +nightly` and for rustup's component `rust-src`. The shims run the pinned compiler in the place of
/// whichever nightly is current, with its unstable options open, and say that the source and the target are there: they are, as std
/// is built along with the Worker.
fn write_shims(compiler: &Compiler) -> Result<PathBuf> {
    let dir = checkout::cache()?.join("shims").join(format!("{RUST}-{}", compiler.origin.to_lowercase()));
    let bin = compiler.bin.display();
    let dir_shown = dir.display();
    let cargo = format!(
        "#!/bin/sh\n[ \"$1\" = +nightly ] && shift\nexec env RUSTC_BOOTSTRAP=1 RUSTC=\"{bin}/rustc\" \"{bin}/cargo\" \"$@\"\n"
    );
    let rustc = format!(
        "#!/bin/sh\n[ \"$1\" = +nightly ] && shift\n[ \"$*\" = \"--target wasm32-unknown-unknown --print target-libdir\" ] && exec echo \"{dir_shown}\"\nexec \"{bin}/rustc\" \"$@\"\n"
    );
    let rustup = "#!/bin/sh\ncase \"$*\" in \"component list --toolchain \"*) echo \"rust-src (installed)\" ;; *) echo \"rustup is not used here: $*\" >&2; exit 1 ;; esac\n";
    std::fs::create_dir_all(&dir).with_context(|| format!("creating {dir_shown}"))?;
    for (name, script) in [("cargo", cargo.as_str()), ("rustc", &rustc), ("rustup", rustup)] {
        write_script(&dir.join(name), script)?;
    }
    Ok(dir)
}

fn write_script(path: &Path, script: &str) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if std::fs::read_to_string(path).is_ok_and(|there| there == script) {
        return Ok(());
    }
    // Renamed into place, because another build may be running the old one.
    let fresh = path.with_extension(std::process::id().to_string());
    std::fs::write(&fresh, script).with_context(|| format!("writing {}", fresh.display()))?;
    std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o755))?;
    Ok(std::fs::rename(&fresh, path)?)
}

impl Tool {
    fn ready(&self) -> Result<PathBuf> {
        let Tool { package, version, binary } = self;
        let home = checkout::cache()?.join("tools").join(format!("{package}-{version}"));
        let path = home.join("bin").join(binary);
        if path.exists() {
            return Ok(path);
        }
        step(&format!("Installing {package} {version} (a few minutes, once per machine)"), || {
            let install = |locked: &[&str]| {
                let mut cargo = Command::new("cargo");
                cargo.args(["install", package, "--version", version, "--root"]).arg(&home).args(locked);
                process::run(&mut cargo)
            };
            install(&["--locked"]).or_else(|_| {
                // A mirror of crates.io may lag behind the newest version a tool was locked to.
                note("once more without its lock file: the registry may not have every version it names");
                install(&[])
            })
        })?;
        Ok(path)
    }
}
