//! `GET /v1/live?…`: where to begin and what to see, parsed from the query string.

use crate::{
    http::{
        change_query::Since,
        problem::{FieldError, Rule},
    },
    ids::ComplaintId,
};

/// What a caller wants to hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveQuery {
    /// After which place. Unless it is given, after the newest change.
    pub since: Since,
    /// The only complaint; `None` for all.
    pub complaint: Option<ComplaintId>,
}

impl LiveQuery {
    /// Reads a query string (without `?`).
    ///
    /// # Errors
    /// The first parameter that is unknown, repeated or not acceptable.
    pub fn parse(query: &str) -> Result<Self, FieldError> {
        let (mut since, mut complaint) = (None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let refused = |rule, detail| {
                let shown: String = name.chars().take(64).collect();
                FieldError::parameter(&shown, rule, detail)
            };
            let before = match name.as_ref() {
                "since" if value == "latest" => since.replace(Since::Latest).is_some(),
                "since" => since.replace(Since::Cursor(value.to_string())).is_some(),
                "complaint" => {
                    let id = value.parse().map_err(|_| refused(Rule::NotAllowed, "must be the id of a complaint"))?;
                    complaint.replace(id).is_some()
                }
                _ => return Err(refused(Rule::UnknownField, "is not a known parameter")),
            };
            if before {
                return Err(refused(Rule::NotAllowed, "may be given once"));
            }
        }
        Ok(Self { since: since.unwrap_or(Since::Latest), complaint })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "018bcfe5-6800-7303-8303-030303030300";

    #[test]
    fn what_is_wanted_is_read() {
        let query = LiveQuery::parse(&format!("since=abc&complaint={ID}")).unwrap();
        assert_eq!(query.since, Since::Cursor("abc".to_owned()));
        assert_eq!(query.complaint.unwrap().to_string(), ID);
        let all = LiveQuery { since: Since::Latest, complaint: None };
        assert_eq!((LiveQuery::parse("").unwrap(), LiveQuery::parse("since=latest").unwrap()), (all.clone(), all));
    }

    #[test]
    fn a_bad_parameter_is_named() {
        for (query, name) in
            [("colour=red", "colour"), ("complaint=1", "complaint"), ("since=a&since=b", "since"), ("wait=1", "wait")]
        {
            assert_eq!(LiveQuery::parse(query).unwrap_err().parameter.as_deref(), Some(name), "{query}");
        }
    }
}
