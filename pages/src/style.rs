//! The stylesheet of every page: the framework's and ours in one file, for one round trip.

/// Ours.
pub const OWN: &str = include_str!("../assets/portal.css");

/// Where it is served, with what it is made from in [`FRAMEWORK`].
pub const PATH: &str = "/vendor/portal.css";

/// The framework, as npm lays it: `package.json` says which version.
pub const FRAMEWORK: &str = "node_modules/@picocss/pico/css/pico.min.css";

/// The whole stylesheet. The framework is in a cascade layer, so that any rule of ours is stronger than any of it
/// (W3C CSS Cascade 5 §6.4), however specific that is.
#[must_use]
pub fn whole(framework: &str) -> String {
    // A charset may stand at the very beginning of a file only.
    let framework = framework.strip_prefix("@charset \"UTF-8\";").unwrap_or(framework);
    format!("@charset \"UTF-8\";@layer framework{{{framework}}}\n{OWN}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_framework_is_the_weaker_one() {
        let whole = whole("@charset \"UTF-8\";a{color:red}");
        assert!(whole.starts_with("@charset \"UTF-8\";@layer framework{a{color:red}}\n"));
        assert_eq!(whole.matches("@charset").count(), 1);
    }

    #[test]
    fn ours_loads_nothing_from_anywhere() {
        assert!(!OWN.contains("url(") && !OWN.contains("@import"));
    }
}
