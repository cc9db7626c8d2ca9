//! Lays the fonts where `src/fonts.rs` takes them in: `package-lock.json` holds their versions, npm brings them.

use std::path::{Path, PathBuf};

/// All under the SIL Open Font License 1.1, which allows embedding in documents and shipping inside a program.
const FONTS: [(&str, &str); 3] = [
    ("regular.ttf", "atkinson-hyperlegible-next/400Regular/AtkinsonHyperlegibleNext_400Regular.ttf"),
    ("bold.ttf", "atkinson-hyperlegible-next/700Bold/AtkinsonHyperlegibleNext_700Bold.ttf"),
    ("fallback.ttf", "source-sans-3/400Regular/SourceSans3_400Regular.ttf"),
];

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_RENDER").is_none() {
        return Ok(());
    }
    let variable = |name| std::env::var_os(name).map(PathBuf::from).ok_or_else(|| format!("cargo sets no {name}"));
    let installed = variable("CARGO_MANIFEST_DIR")?.join("../node_modules/@expo-google-fonts");
    let out = variable("OUT_DIR")?;
    FONTS.iter().try_for_each(|(name, path)| copy(&installed.join(path), &out.join(name)))
}

fn copy(font: &Path, to: &Path) -> Result<(), String> {
    println!("cargo::rerun-if-changed={}", font.display());
    std::fs::copy(font, to)
        .map(drop)
        .map_err(|error| format!("{}: {error}: run `cargo xtask build`, which installs the fonts", font.display()))
}
