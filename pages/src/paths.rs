//! Every address of the portal: one table, [`ALL`], from which the router is made and every link and form takes its own.

/// An address, with a place for the firm's slug and perhaps one for an id or a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The pattern, as axum writes it: `{tenant}` and perhaps `{id}`.
    pub pattern: &'static str,
    /// What it answers.
    pub methods: &'static [&'static str],
    /// What is there.
    pub about: &'static str,
}

macro_rules! places {
    ($($(#[$doc:meta])* $name:ident = $methods:expr, $pattern:literal, $about:literal;)*) => {
        $($(#[$doc])* #[doc = concat!("`", $pattern, "`: ", $about, ".")]
        pub const $name: Place = Place { pattern: $pattern, methods: $methods, about: $about };)*

        /// Every address, in the order in which people come by.
        pub const ALL: &[Place] = &[$($name,)*];
    };
}

const GET: &[&str] = &["GET"];
const POST: &[&str] = &["POST"];
const BOTH: &[&str] = &["GET", "POST"];

places! {
    START = GET, "/{tenant}/", "the first page";
    BRAND = GET, "/{tenant}/brand.css", "the firm's colours, a stylesheet";
    LOGO = GET, "/{tenant}/logo", "the firm's logo, a picture";
    READING = POST, "/{tenant}/reading", "language and format: keeps them in a cookie and goes back to `back`";
    WHAT = BOTH, "/{tenant}/complain/what", "step 1: what happened";
    OUTCOME = BOTH, "/{tenant}/complain/outcome", "step 2: what would put it right";
    YOU = BOTH, "/{tenant}/complain/you", "step 3: who complains";
    EVIDENCE = BOTH, "/{tenant}/complain/evidence", "step 4: files (multipart); stays there if `then` is `more`";
    EVIDENCE_REMOVE = POST, "/{tenant}/complain/evidence/{id}/remove", "takes a file away";
    CHECK = BOTH, "/{tenant}/complain/check", "step 5: check and send";
    SAVE = BOTH, "/{tenant}/complain/save", "keeps what was typed in the step `step`, as it is; goes back there if `language` or `format` is chosen, else shows the way back";
    SAVE_MAIL = POST, "/{tenant}/complain/save/mail", "mails the way back";
    RECEIVED = GET, "/{tenant}/complain/received", "the complaint was received, or is stored safely";
    COME_BACK = BOTH, "/{tenant}/come-back", "asks for an email address and mails the way back";
    COME_BACK_LINK = GET, "/{tenant}/come-back/{id}", "the link that was kept: takes up the draft";
    TRACK = BOTH, "/{tenant}/track", "reference and email address";
    CODE = BOTH, "/{tenant}/track/code", "the code that was mailed";
    TRACK_LINK = GET, "/{tenant}/track/{id}", "the link that was mailed: signs in";
    CASE = GET, "/{tenant}/case", "where the complaint stands";
    MESSAGES = POST, "/{tenant}/case/messages", "writes to the firm";
    FILES = POST, "/{tenant}/case/files", "adds files";
    FILE = GET, "/{tenant}/case/files/{id}", "a file";
    LETTER = GET, "/{tenant}/case/letters/{id}", "a letter";
    REPRESENTATIVE = BOTH, "/{tenant}/case/representative", "lets somebody act for the complainant";
    REPRESENTATIVE_WITHDRAW = POST, "/{tenant}/case/representative/withdraw", "ends that";
    SIGN_OUT = POST, "/{tenant}/sign-out", "ends the session";
}

impl Place {
    /// The address of a firm. A slug is letters, digits and hyphens: nothing to be encoded.
    #[must_use]
    pub fn of(&self, tenant: &str) -> String {
        self.pattern.replace("{tenant}", tenant)
    }

    /// The address of a firm's thing with this id.
    #[must_use]
    pub fn with(&self, tenant: &str, id: &str) -> String {
        self.of(tenant).replace("{id}", id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_is_a_place_of_a_firm_and_of_its_own() {
        let patterns: BTreeSet<_> = ALL.iter().map(|place| place.pattern).collect();
        assert_eq!(patterns.len(), ALL.len());
        assert!(ALL.iter().all(|place| place.pattern.starts_with("/{tenant}/")));
    }

    #[test]
    fn addresses() {
        assert_eq!(TRACK.of("northwind-bank"), "/northwind-bank/track");
        assert_eq!(FILE.with("northwind-bank", "7"), "/northwind-bank/case/files/7");
    }
}
