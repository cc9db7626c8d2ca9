//! `cargo xtask screenshots`: the pictures of the README, taken of a stack that runs.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::browser;
use crate::checkout::root;
use crate::firm::{Firm, Profile};
use crate::mail_sink::MailSink;
use crate::process;
use crate::progress::{note, step};
use crate::stack::{Options, Stack};
use crate::wasm;

/// Which pictures of the journey are kept, in which view, and what they are called in `docs/pictures/`.
const KEPT: [(&str, &str, &str); 4] = [
    ("large.with", "start", "portal"),
    ("small.with", "you", "portal-step"),
    ("large.with", "received", "portal-received"),
    ("large-dark.with", "case-with-message", "portal-case"),
];

/// Whose portal it is: under a law that has dates.
const BANK: Profile<'_> = Profile {
    slug: "northwind-bank",
    display_name: "Northwind Bank",
    sector: "bank",
    prefix: "NWB",
    jurisdiction: "england_and_wales",
    plan: "enterprise",
};

/// Takes them.
pub fn run() -> Result<()> {
    browser::install()?;
    wasm::build()?;
    let options = Options::temporary().var("MAIL_FROM", "complaints@redress.example");
    let sink = step("Starting the mail sink", || MailSink::start(&options.state.join("mail")))?;
    let options = options.var("MAIL", &sink.mail()).var("PUBLIC_URL", "https://redress.example");
    let stack = step("Starting a stack with a fresh state", || Stack::start(options))?;
    let firm = Firm::ensure(&stack.operator(), &BANK)?;
    let taken = root().join("target/pictures/readme");
    let mut journey = browser::script("portal.mjs");
    journey.args(["large.with", "small.with", "large-dark.with"]);
    journey.env("BASE_URL", stack.base_url()).env("MAIL_URL", sink.url()).env("FIRM", &firm.slug);
    journey.env("PICTURES", &taken);
    step("Complaining in a browser", || process::run(&mut journey))?;
    let pictures = root().join("docs/pictures");
    std::fs::create_dir_all(&pictures)?;
    for (who, page, name) in KEPT {
        let (from, to) = (picture(&taken, who, page)?, pictures.join(format!("{name}.png")));
        std::fs::copy(&from, &to).with_context(|| from.display().to_string())?;
        note(&format!("{}", to.display()));
    }
    Ok(())
}

/// The picture of a page in a view: between the two stands where on the way it was.
fn picture(folder: &Path, who: &str, page: &str) -> Result<PathBuf> {
    let is_it = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with(&format!("{who}.")) && name.ends_with(&format!(".{page}.png"))
    };
    let paths = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.into_iter().find(is_it).with_context(|| format!("there is no picture of {page} as {who}"))
}
