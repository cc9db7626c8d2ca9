//! Parts of the service that the firm can do without, and which letters somebody else approves before they are sent.

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

/// Kinds of letters: code, name, and the trade that it is for; empty: for any.
pub const LETTERS: [(&str, &str, &str); 16] = [
    ("fca_acknowledgement", "Acknowledgement (FCA)", "bank"),
    ("fca_holding_response", "Holding response (FCA, payments)", "bank"),
    ("fca_eight_week_letter", "Eight-week letter (FCA)", "bank"),
    ("fca_summary_resolution", "Summary resolution communication (FCA)", "bank"),
    ("fca_final_response", "Final response (FCA)", "bank"),
    ("ofcom_adr_letter", "ADR letter (Ofcom)", "telecom"),
    ("caa_final_response", "Final response (airline, UK)", "airline"),
    ("caa_adr_letter", "Letter about the scheme (airline, UK)", "airline"),
    ("dot_acknowledgement", "Acknowledgement (US DOT)", "airline"),
    ("dot_response", "Substantive response (US DOT)", "airline"),
    ("dot_disability_response", "Dispositive response (US DOT, disability)", "airline"),
    ("dp_acknowledgement", "Acknowledgement (data protection)", ""),
    ("dp_outcome", "Outcome (data protection)", ""),
    ("ie_acknowledgement", "Acknowledgement (Ireland)", "bank"),
    ("ie_final_response", "Outcome (Ireland)", "bank"),
    ("update", "Update on progress", ""),
];

/// Which letters somebody else approves.
#[derive(Clone, Debug, Default)]
pub struct Approval {
    /// Kinds that the firm has; chosen are those that are approved.
    pub kinds: Vec<Choice>,
    /// Sums and their currencies: with more redress than that, a letter of any kind is approved. Empty ones are free.
    pub sums: Vec<(String, String)>,
    /// Whether its form was sent and not taken.
    pub refused: bool,
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
    /// Letters.
    pub approval: Approval,
    /// The version that is shown.
    pub version: u64,
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_kind_of_letter_is_offered() {
        let told = super::LETTERS.map(|(code, name, trade)| [code, name, trade].map(str::to_owned));
        let shipped: Vec<_> = shared::letter::kind::kinds()
            .iter()
            .map(|kind| {
                let trade = kind.applies_when.first().and_then(|condition| condition.sector.first());
                let trade = trade.map(|trade| trade.clone().into_owned()).unwrap_or_default();
                [kind.id.as_str().to_owned(), kind.name.as_str().to_owned(), trade]
            })
            .collect();
        assert_eq!(told.to_vec(), shipped);
    }

    #[test]
    fn every_part_has_a_sentence() {
        for part in shared::flags::Part::NAMES {
            assert!(!super::says(part).is_empty(), "{part}");
        }
    }
}
