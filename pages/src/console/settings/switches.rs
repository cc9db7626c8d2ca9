//! Parts of the service that the firm can do without.

use super::{Choice, Settings};
use crate::console::shell::Shell;
use askama::Template;

/// What a part does.
#[must_use]
pub fn says(part: &str) -> &'static str {
    match part {
        "bulk" => "Changing many complaints at a time.",
        "changes" => "The feed of all that happens, which your systems and the page of changes read.",
        "duplicates" => "Complaints that may be the same are shown, and linked where you have a rule for it.",
        "export" => "Taking complaints out as a file.",
        "forecast" => "What will be due on each of the days to come.",
        "import" => "Bringing complaints in from another system.",
        "letters" => "Writing letters, and your own wording of them.",
        "live" => "Pages and systems hear of changes at once, and not when they next ask.",
        "mail" => "Mail that comes in is read. While this is off it is kept, and read later.",
        "notifications" => "Messages to complainants and staff. While this is off those that are due wait.",
        "portal" => "The pages where consumers complain and see their case. Other ways in stay.",
        "search" => "Searching by words. Lists and filters stay.",
        "views" => "Filters that are kept under a name.",
        _ => "",
    }
}

/// All.
#[derive(Clone, Debug, Template)]
#[template(path = "console/settings/switches.html")]
pub struct Switches {
    /// What is around it.
    pub shell: Shell,
    /// Which settings there are.
    pub settings: Settings,
    /// Parts; chosen are those that are on.
    pub parts: Vec<Choice>,
    /// The version that is shown.
    pub version: u64,
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_part_has_a_sentence() {
        for part in shared::flags::Part::NAMES {
            assert!(!super::says(part).is_empty(), "{part}");
        }
    }
}
