//! Which complaints somebody wants to see: what the address of the queue says, and what the API is asked for by it.

use form_urlencoded::Serializer;

/// What a list is narrowed by, as `GET /v1/complaints` calls it.
const FILTERS: [&str; 10] =
    ["q", "state", "product", "issue", "assignee", "unassigned", "team", "severity", "channel", "tag"];
/// What an address says besides.
const OTHERS: [&str; 4] = ["view", "due", "order", "cursor"];
/// Complaints of a page.
pub const PAGE: &str = "50";

/// Which complaints somebody wants to see. An address that says nothing asks for what is due, the soonest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish(Vec<(&'static str, String)>);

impl Wish {
    /// What these parameters ask for; those that are not known are left out, and so are empty ones.
    pub fn of<'a>(said: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        said.fold(Self::default(), |wish, (name, value)| wish.with(name, value))
    }

    /// What a query string asks for.
    #[must_use]
    pub fn parse(query: &str) -> Self {
        let said: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        Self::of(said.iter().map(|(name, value)| (name.as_ref(), value.as_ref())))
    }

    /// The same with something else said; with nothing, it is not said. Of `tag` there may be several.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        let known = FILTERS.into_iter().chain(OTHERS).find(|known| *known == name);
        let Some(name) = known else { return self };
        if name != "tag" || value.is_empty() {
            self.0.retain(|(held, _)| *held != name);
        }
        let value = value.trim();
        if !value.is_empty() {
            self.0.push((name, value.to_owned()));
        }
        self
    }

    /// What it says; empty if nothing.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(held, _)| *held == name).map_or("", |(_, value)| value)
    }

    fn is_said(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    /// Whether it asks for what is due first, and nothing else.
    #[must_use]
    pub fn is_by_due(&self) -> bool {
        self.get("order") == "due" || self.is_said("due") || self.0.iter().all(|(name, _)| *name == "cursor")
    }

    /// Whether words are searched for.
    #[must_use]
    pub fn is_search(&self) -> bool {
        self.is_said("q")
    }

    /// Whether it is narrowed by something that a person can take back.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        self.0.iter().any(|(name, _)| FILTERS.contains(name))
    }

    /// Each filter, and what it asks for.
    pub fn filters(&self) -> Vec<(&str, &str)> {
        let said = self.0.iter().map(|(name, value)| (*name, value.as_str()));
        said.filter(|(name, _)| FILTERS.contains(name)).collect()
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> String {
        let said: Vec<_> = self.0.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let query = written(&said);
        if query.is_empty() { "/app/queue".to_owned() } else { format!("/app/queue?{query}") }
    }

    /// The query of `GET /v1/complaints`. What words are searched for in is not in the order of what is due: the API has no such list.
    #[must_use]
    pub fn query(&self) -> String {
        let q = self.get("q");
        if is_reference(q) {
            return written(&[("reference", &q.to_uppercase())]);
        }
        let order = match (self.is_search(), self.get("order"), self.is_said("cursor")) {
            (true, "newest", _) | (true, _, true) => "",
            (true, ..) => "relevance",
            (false, ..) if self.is_by_due() => "due",
            (false, ..) => "",
        };
        let due = if self.is_search() { "" } else { self.get("due") };
        let (view, cursor) = (self.get("view"), self.get("cursor"));
        let mut said = self.filters();
        said.extend([("view", view), ("cursor", cursor), ("due", due), ("order", order), ("limit", PAGE)]);
        said.retain(|(_, value)| !value.is_empty());
        written(&said)
    }

    /// The filter that a view keeps and a job works on; none if these complaints cannot be found again by one.
    #[must_use]
    pub fn filter(&self) -> Option<String> {
        let is_one = is_reference(self.get("q"));
        let is_filter = self.is_narrowed() && !self.is_said("view") && !self.is_said("due") && !is_one;
        let by_due = self.is_by_due() && !self.is_search();
        (is_filter && !by_due).then(|| written(&self.filters()))
    }
}

fn written(said: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(said).finish()
}

/// Whether it is what a consumer quotes: `NWB-0C99-78TJ`.
fn is_reference(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let plain = |part: &&str| part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    matches!(parts.as_slice(), [a, b, c] if (2..=4).contains(&a.len()) && b.len() == 4 && c.len() == 4)
        && parts.iter().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(address: &str) -> String {
        Wish::parse(address).query()
    }

    #[test]
    fn an_address_asks_the_api() {
        for (address, query) in [
            ("", "order=due&limit=50"),
            ("cursor=abc", "cursor=abc&order=due&limit=50"),
            ("order=newest", "limit=50"),
            ("due=overdue", "due=overdue&order=due&limit=50"),
            ("state=closed&colour=red&team=", "state=closed&limit=50"),
            ("state=closed&order=due", "state=closed&order=due&limit=50"),
            ("q=late+fee&order=due&due=today", "q=late+fee&order=relevance&limit=50"),
            ("q=fee&order=newest", "q=fee&limit=50"),
            ("q=fee&cursor=x", "q=fee&cursor=x&limit=50"),
            ("q=nwb-0c99-78tj&state=closed", "reference=NWB-0C99-78TJ"),
            ("view=01932f6e&order=due", "view=01932f6e&order=due&limit=50"),
            ("tag=vip&tag=fees", "tag=vip&tag=fees&limit=50"),
        ] {
            assert_eq!(asked(address), query, "{address}");
        }
    }

    #[test]
    fn what_is_due_is_no_filter_to_keep() {
        for (address, filter) in [
            ("", None),
            ("order=newest", None),
            ("state=closed", Some("state=closed")),
            ("state=closed&order=due", None),
            ("due=today&state=received", None),
            ("view=1&state=closed", None),
            ("q=late+fee&tag=a&tag=b&order=newest&cursor=x", Some("q=late+fee&tag=a&tag=b")),
            ("q=NWB-0C99-78TJ", None),
        ] {
            assert_eq!(Wish::parse(address).filter().as_deref(), filter, "{address}");
        }
    }

    #[test]
    fn an_address_is_written_as_it_was_read() {
        let wish = Wish::parse("q=a%26b&cursor=x");
        assert_eq!(wish.address(), "/app/queue?q=a%26b&cursor=x");
        assert_eq!(wish.with("cursor", "").with("state", "closed").address(), "/app/queue?q=a%26b&state=closed");
        assert_eq!(Wish::default().address(), "/app/queue");
    }
}
