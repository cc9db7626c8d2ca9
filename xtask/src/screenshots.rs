//! `cargo xtask screenshots`: the pictures of the README, taken of a stack that runs.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::api::Client;
use crate::browser;
use crate::checkout::root;
use crate::firm::{Firm, Profile};
use crate::mail_sink::MailSink;
use crate::process;
use crate::progress::{note, step};
use crate::stack::{Options, Stack};
use crate::wasm;

/// Which pictures of the journey are kept, in which view, and what they are called in `docs/pictures/`.
const KEPT: [(&str, &str, &str); 8] = [
    ("large.with", "start", "portal"),
    ("small.with", "you", "portal-step"),
    ("large.with", "received", "portal-received"),
    ("large-dark.with", "case-with-message", "portal-case"),
    ("large.anna", "queue", "console-queue"),
    ("large.anna", "case", "console-case"),
    ("small-dark.ben", "case-locked-by-another", "console-locked"),
    ("large.anna", "dashboard", "console-dashboard"),
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
    let bank = Client::new(stack.base_url(), &firm.key);
    firm.enter_staff(&bank)?;
    let case = step("Logging complaints", || log_complaints(&bank))?;
    let mut day = browser::script("console.mjs");
    day.env("BASE_URL", stack.base_url()).env("MAIL_URL", sink.url()).env("FIRM", &firm.slug);
    day.env("STAFF_AT", firm.staff_at()).env("CASE", &case).env("PICTURES", &taken);
    step("Working in a browser", || process::run(&mut day))?;
    let pictures = root().join("docs/pictures");
    std::fs::create_dir_all(&pictures)?;
    for (who, page, name) in KEPT {
        let (from, to) = (picture(&taken, who, page)?, pictures.join(format!("{name}.png")));
        std::fs::copy(&from, &to).with_context(|| from.display().to_string())?;
        note(&format!("{}", to.display()));
    }
    Ok(())
}

/// Logs real complaints as if they came just now, under the bank's law. The first one's id.
fn log_complaints(bank: &Client) -> Result<String> {
    let lines = std::fs::read_to_string(root().join("tests/fixtures/complaints/bank.ndjson"))?;
    let mut first = None;
    for (nth, line) in lines.lines().take(40).enumerate() {
        let mut body: Value = serde_json::from_str(line)?;
        if let Some(members) = body.as_object_mut() {
            members.retain(|name, _| !["received_at", "jurisdiction"].contains(&name.as_str()));
        }
        let logged = bank.post("/v1/complaints", &format!("screenshot-{nth}"), &body)?.success()?;
        first = first.or(Some(logged.text("id")?.to_owned()));
    }
    first.context("there are no complaints")
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
