//! The stylesheet of every page: the framework's and ours in one file, for one round trip.

/// Ours.
pub const OWN: &str = include_str!("../assets/portal.css");

/// Where it is served, with what it is made from in [`FRAMEWORK`].
pub const PATH: &str = "/vendor/portal.css";

/// The framework, as npm lays it: `package.json` says which version.
pub const FRAMEWORK: &str = "node_modules/@picocss/pico/css/pico.min.css";

/// The console's.
pub const CONSOLE: &str = concat!(
    include_str!("../assets/console/shell.css"),
    include_str!("../assets/console/queue.css"),
    include_str!("../assets/console/case.css"),
    include_str!("../assets/console/office.css"),
);

/// Where the console's is served, with what it is made from in [`FRAMEWORK`].
pub const CONSOLE_PATH: &str = "/vendor/console.css";

/// The console's icon.
pub const CONSOLE_ICON: &str = include_str!("../assets/console/icon.svg");

/// Where that is served.
pub const CONSOLE_ICON_PATH: &str = "/vendor/console.svg";

/// A whole stylesheet, of the framework and one of ours. The framework is in a cascade layer, so that any rule of ours is stronger than any of it
/// (W3C CSS Cascade 5 §6.4), however specific that is.
#[must_use]
pub fn whole(framework: &str, own: &str) -> String {
    // A charset may stand at the very beginning of a file only.
    let framework = framework.strip_prefix("@charset \"UTF-8\";").unwrap_or(framework);
    format!("@charset \"UTF-8\";@layer framework{{{framework}}}\n{own}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_framework_is_the_weaker_one() {
        let whole = whole("@charset \"UTF-8\";a{color:red}", OWN);
        assert!(whole.starts_with("@charset \"UTF-8\";@layer framework{a{color:red}}\n"));
        assert_eq!(whole.matches("@charset").count(), 1);
    }

    #[test]
    fn ours_loads_nothing_from_anywhere() {
        for own in [OWN, CONSOLE] {
            assert!(!own.contains("url(") && !own.contains("@import"));
        }
    }
}
