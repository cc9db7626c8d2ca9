//! Every page with sample data, as files to be looked at: `cargo run -p pages --example gallery`, then `target/gallery/index.html`.
//!
//! `tests/browser/gallery.mjs` opens each in a browser.

#[path = "../tests/samples/mod.rs"]
mod samples;

use pages::style;
use std::{error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let gallery = root.join("target/gallery");
    fs::create_dir_all(&gallery)?;
    let framework = fs::read_to_string(root.join(style::FRAMEWORK))
        .map_err(|error| format!("{}: {error}: run `cargo xtask build`, which installs it", style::FRAMEWORK))?;
    fs::write(gallery.join("portal.css"), style::whole(&framework, style::OWN))?;
    fs::write(gallery.join("console.css"), style::whole(&framework, style::CONSOLE))?;
    fs::write(gallery.join("console.svg"), style::CONSOLE_ICON)?;
    let mut index = String::new();
    for firm in samples::FIRMS {
        fs::write(gallery.join(format!("{}.css", firm.slug)), samples::brand(firm.slug).stylesheet())?;
        fs::write(gallery.join(format!("{}.svg", firm.slug)), samples::logo(firm.slug))?;
    }
    for sample in samples::every_page() {
        // As files they have no server: the addresses of assets become those beside them.
        let html = sample.html.replace(style::PATH, "portal.css").replace(style::CONSOLE_PATH, "console.css");
        let html = html.replace(&format!("/{}/brand.css", sample.firm), &format!("{}.css", sample.firm));
        let html = html.replace(&format!("/{}/logo", sample.firm), &format!("{}.svg", sample.firm));
        fs::write(gallery.join(format!("{}.html", sample.name)), html)?;
        index.push_str(&format!("<li><a href=\"{0}.html\">{0}</a></li>\n", sample.name));
    }
    for (name, html) in samples::console::every_page() {
        let html = html.replace(style::CONSOLE_PATH, "console.css").replace(style::CONSOLE_ICON_PATH, "console.svg");
        let html = html.replace("/northwind-bank/logo", "northwind-bank.svg");
        // Scripts would have nobody to ask.
        let html = ["htmx", "console"]
            .iter()
            .fold(html, |html, name| html.replace(&format!("<script src=\"/vendor/{name}.js\" defer></script>\n"), ""));
        let name = format!("console-{name}.en.standard");
        fs::write(gallery.join(format!("{name}.html")), html)?;
        index.push_str(&format!("<li><a href=\"{name}.html\">{name}</a></li>\n"));
    }
    let index = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Gallery</title><ul>\n{index}</ul></html>\n"
    );
    fs::write(gallery.join("index.html"), index)?;
    println!("{}", gallery.display());
    Ok(())
}
