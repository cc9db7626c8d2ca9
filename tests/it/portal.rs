//! The portal by plain forms, as a browser without scripts sends them: the whole way of a complaint, drafts that are saved and taken up
//! elsewhere, and what is refused.

use crate::{
    client::{Answer, Client, unused},
    eventually::within,
    firm::Firm,
    own_stack::operator,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, thread, time::Duration};
use xtask::{
    mail_sink::MailSink,
    stack::{Options, Stack},
};

const SOON: Duration = Duration::from_secs(90);
/// The smallest PDF that is known as one.
const PDF: &[u8] = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n";

/// A stack that sends mail, and what has come.
struct Town {
    stack: Stack,
    sink: MailSink,
}

impl Town {
    fn new() -> Self {
        let options = Options::temporary().var("MAIL_FROM", "complaints@redress.example");
        let sink = MailSink::start(&options.state.join("mail")).expect("the sink starts");
        let stack = Stack::start(options.var("MAIL", &sink.mail())).expect("a stack starts");
        Self { stack, sink }
    }

    fn firm(&self) -> Firm {
        let texts = json!([{ "language": "en", "name": "start.title", "text": "Our own <title> & words" }]);
        let portal = json!({ "open": true, "name": "Northwind", "colour": "#1d4f91", "texts": texts,
            "ombudsman": { "name": "Financial Ombudsman Service", "site": "https://www.financial-ombudsman.org.uk" } });
        Firm::on(&operator(&self.stack), json!({ "portal": portal }))
    }

    fn browser(&self) -> Browser {
        Browser { client: Client::new(self.stack.base_url(), None), cookies: BTreeMap::new() }
    }

    /// The text of the mail to an address whose subject has this.
    fn mail(&self, address: &str, subject: &str) -> String {
        let web = Client::new(&self.sink.url(), None);
        within(SOON, &format!("a mail to {address} of {subject}"), || {
            thread::sleep(Duration::from_millis(300));
            let all = web.call("GET", "/api/email").try_send().expect("the sink answers");
            let found = all.body.as_array()?.iter().find(|mail| {
                let about = mail["subject"].as_str().unwrap_or_default();
                mail["envelope"]["to"][0]["address"] == address && about.contains(subject)
            });
            found.and_then(|mail| mail["text"].as_str().map(str::to_owned))
        })
    }
}

/// A browser: it keeps cookies.
struct Browser {
    client: Client,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    fn send(&mut self, method: &str, path: &str, body: Option<(&str, Vec<u8>)>) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut call = self.client.call(method, path);
        if !cookies.is_empty() {
            call = call.header("cookie", &cookies.join("; "));
        }
        if let Some((content_type, body)) = body {
            call = call.header("sec-fetch-site", "same-origin").bytes(content_type, body);
        }
        // Pages are not in the description.
        let answer = call.try_send().expect("the stack answers");
        for set in answer.headers.get_all("set-cookie") {
            let set = set.to_str().expect("cookies are ASCII");
            assert!(set.starts_with("__Host-") && set.contains("; Secure; HttpOnly; SameSite="), "{set}");
            let (name, value) = set.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            match value {
                "" => self.cookies.remove(name),
                value => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }

    fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, None)
    }

    /// Posts a form of a page that was got, with these answers.
    fn post(&mut self, page: &Answer, path: &str, answers: &[(&str, &str)]) -> Answer {
        let form = self.form(page, path, answers);
        self.send("POST", path, Some(("application/x-www-form-urlencoded", form.into_bytes())))
    }

    /// A form of a page as it is posted: what is hidden in it, and these answers.
    fn form(&self, page: &Answer, path: &str, answers: &[(&str, &str)]) -> String {
        let hidden = hidden(page, path);
        let all = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(answers.iter().copied());
        all.map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&")
    }

    /// The same with a file.
    fn upload(&mut self, page: &Answer, path: &str, answers: &[(&str, &str)], (name, bytes): (&str, &[u8])) -> Answer {
        let mut body = Vec::new();
        let hidden = hidden(page, path);
        let all = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(answers.iter().copied());
        for (name, value) in all {
            let part = format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        let head = format!("--edge\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n--edge--\r\n");
        self.send("POST", path, Some(("multipart/form-data; boundary=edge", body)))
    }
}

/// What is hidden in the form of a page that goes there, or at least the token that all forms of a page have.
fn hidden(page: &Answer, path: &str) -> Vec<(String, String)> {
    let action = format!("action=\"{path}\"");
    let form = page.text.split("<form").skip(1).find(|form| form.contains(&action)).unwrap_or(&page.text);
    let form = form.split("</form>").next().unwrap_or_default();
    let attribute =
        |input: &str, name: &str| Some(input.split_once(&format!("{name}=\""))?.1.split_once('"')?.0.to_owned());
    let inputs = form.split("<input").skip(1).map(|input| input.split('>').next().unwrap_or_default());
    let mut found: Vec<_> = inputs
        .filter(|input| input.contains("type=\"hidden\""))
        .filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value").unwrap_or_default())))
        .filter(|(name, _)| name != "back")
        .collect();
    found.dedup_by(|one, other| one.0 == other.0);
    found
}

fn encoded(value: &str) -> String {
    value.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[track_caller]
fn led_to(answer: &Answer, path: &str) {
    assert_eq!((answer.status, answer.header("location")), (303, Some(path)), "{}", answer.text);
}

const WHAT: [(&str, &str); 3] =
    [("product", "credit_card"), ("words", "A fee that\r\nnobody told me of."), ("when", "In May")];
const OUTCOME: [(&str, &str); 1] = [("outcome", "My 30 pounds back")];

fn you(email: &str) -> [(&str, &str); 4] {
    [("for_whom", "self"), ("name", "Zoë <b>Winter</b>"), ("email", email), ("prefer", "email")]
}

/// A product of the firm's taxonomy, as the page offers it.
fn product(page: &Answer) -> String {
    let at = page.text.find("name=\"product\"").expect("products are offered");
    let input = &page.text[at..];
    input.split_once("value=\"").and_then(|(_, rest)| rest.split_once('"')).expect("a code").0.to_owned()
}

/// Answers the first steps.
fn answer(browser: &mut Browser, firm: &Firm, email: &str) {
    let at = |rest: &str| format!("/{}/complain/{rest}", firm.slug);
    let page = browser.get(&at("what"));
    let product = product(&page);
    let mut what = WHAT;
    what[0].1 = &product;
    led_to(&browser.post(&page, &at("what"), &what), &at("outcome"));
    let page = browser.get(&at("outcome"));
    led_to(&browser.post(&page, &at("outcome"), &OUTCOME), &at("you"));
    let page = browser.get(&at("you"));
    led_to(&browser.post(&page, &at("you"), &you(email)), &at("evidence"));
}

/// The only complaint of a firm.
fn only(firm: &Firm) -> Value {
    let list = firm.api.get("/v1/complaints").expect(200);
    assert_eq!(list.data().len(), 1, "{}", list.text);
    list.data()[0].clone()
}

#[test]
fn a_complaint_is_made_followed_and_answered_without_a_script() {
    let town = Town::new();
    let (firm, email) = (town.firm(), "zoe@example.com");
    let mut browser = town.browser();
    let at = |rest: &str| format!("/{}/{rest}", firm.slug);

    // The first page, as the firm shows itself.
    let page = browser.get(&at(""));
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("Our own &#60;title&#62; &#38; words") || page.text.contains("Our own &lt;title&gt;"));
    assert!(page.header("content-security-policy").is_some_and(|policy| policy.starts_with("default-src 'none'")));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(page.text.contains("Financial Ombudsman Service"));
    let css = browser.get(&at("brand.css"));
    assert!(css.status == 200 && css.text.contains("#1d4f91") && css.header("etag").is_some());

    // Wrong answers keep what was typed.
    let page = browser.get(&at("complain/what"));
    let again = browser.post(&page, &at("complain/what"), &[("words", "Only \"this\"")]);
    assert_eq!(again.status, 422);
    assert!(again.text.contains("Only ") && again.text.contains("is-wrong"), "{}", again.text);

    answer(&mut browser, &firm, email);
    let page = browser.get(&at("complain/evidence"));
    let bad = browser.upload(&page, &at("complain/evidence"), &[("then", "more")], ("virus.exe", b"MZ\x90\0\x03"));
    assert_eq!(bad.status, 422);
    let sent = browser.upload(&page, &at("complain/evidence"), &[("then", "more")], ("bill.pdf", PDF));
    led_to(&sent, &at("complain/evidence"));
    let page = browser.get(&at("complain/evidence"));
    assert!(page.text.contains("bill.pdf"));

    // Sent twice, it is one complaint.
    let page = browser.get(&at("complain/check"));
    assert!(page.text.contains("nobody told me of") && page.text.contains("bill.pdf"), "{}", page.text);
    assert_eq!(browser.post(&page, &at("complain/check"), &[]).status, 422, "without consent");
    let cookies = browser.cookies.clone();
    led_to(&browser.post(&page, &at("complain/check"), &[("consent", "yes")]), &at("complain/received"));
    browser.cookies = cookies;
    led_to(&browser.post(&page, &at("complain/check"), &[("consent", "yes")]), &at("complain/received"));
    let summary = only(&firm);
    let reference = summary["reference"].as_str().expect("a reference").to_owned();
    let page = browser.get(&at("complain/received"));
    assert!(page.status == 200 && page.text.contains(&reference), "{}", page.text);
    let path = format!("/v1/complaints/{}", summary["id"].as_str().expect("an id"));
    let complaint = firm.api.get(&path).expect(200).body;
    assert_eq!(
        (&complaint["channel"], &complaint["complainant"]["name"]),
        (&json!("web"), &json!("Zoë <b>Winter</b>"))
    );
    assert_eq!(complaint["attachments"][0]["name"], "bill.pdf");
    let events = firm.api.get(&format!("{path}/events")).expect(200);
    assert_eq!(events.data()[0]["actor"], json!({ "id": "portal", "kind": "consumer" }));

    // Whoever knows the reference and reads the address follows it.
    let mut elsewhere = town.browser();
    led_to(&elsewhere.get(&at("case")), &at("track"));
    let page = elsewhere.get(&at("track"));
    led_to(&elsewhere.post(&page, &at("track"), &[("reference", &reference), ("email", email)]), &at("track/code"));
    let mail = town.mail(email, "code");
    let code: String =
        mail.split(|c: char| !c.is_ascii_digit()).find(|part| part.len() == 8).expect("a code").to_owned();
    let page = elsewhere.get(&at("track/code"));
    let wrong = if code == "00000000" { "00000001" } else { "00000000" };
    assert_eq!(elsewhere.post(&page, &at("track/code"), &[("code", wrong)]).status, 422);
    led_to(&elsewhere.post(&page, &at("track/code"), &[("code", &code)]), &at("case"));
    let page = elsewhere.get(&at("case"));
    assert!(page.status == 200 && page.text.contains(&reference) && page.text.contains("bill.pdf"), "{}", page.text);

    // It writes, adds a file, names somebody.
    let sent = elsewhere.post(&page, &at("case/messages"), &[("message", "Any news? <script>x</script>")]);
    led_to(&sent, &at("case?done=message_sent"));
    led_to(&elsewhere.post(&page, &at("case/messages"), &[("message", "Any news?")]), &at("case?done=message_sent"));
    let page = elsewhere.get(&at("case"));
    assert!(page.text.contains("Any news?") && !page.text.contains("<script>x"));
    assert_eq!(firm.api.get(&path).expect(200).body["contacts"], 1, "the form was sent twice");
    led_to(&elsewhere.upload(&page, &at("case/files"), &[], ("more.pdf", PDF)), &at("case?done=files_sent"));
    let page = elsewhere.get(&at("case/representative"));
    let who = [("rep_name", "Eve Summer"), ("rep_kind", "family"), ("rep_authority", "signed")];
    led_to(&elsewhere.post(&page, &at("case/representative"), &who), &at("case?done=representative_added"));
    let complaint = firm.api.get(&path).expect(200).body;
    assert_eq!(complaint["representative"]["name"], "Eve Summer");
    assert_eq!(complaint["attachments"].as_array().map(Vec::len), Some(2));

    // It reads a letter that was sent.
    let body = json!({ "kind": "update", "texts": { "update": "We are on it, truly." } });
    let drafted = firm.give(&path, "letters", body).expect(200);
    let letter = drafted.body["letters"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(elsewhere.get(&at(&format!("case/letters/{letter}"))).status, 404, "a draft is nobody's");
    firm.give(&path, &format!("letters/{letter}/send"), json!({})).expect(200);
    let page = elsewhere.get(&at(&format!("case/letters/{letter}")));
    assert!(page.status == 200 && page.text.contains("We are on it, truly."), "{}", page.text);

    // Another case's things, and another firm's, are not there.
    let other = firm.log(json!({}));
    assert_eq!(elsewhere.get(&at(&format!("case/files/{}", other.id()))).status, 404);
    let stranger = town.firm();
    let cookies = elsewhere.cookies.clone();
    led_to(&elsewhere.get(&format!("/{}/case", stranger.slug)), &format!("/{}/track", stranger.slug));
    elsewhere.cookies = cookies;
    let page = elsewhere.get(&at("case"));
    led_to(&elsewhere.post(&page, &at("sign-out"), &[]), &at(""));
    led_to(&elsewhere.get(&at("case")), &at("track"));
}

#[test]
fn what_a_firm_asks_its_staff_for_a_consumer_is_not_asked() {
    let town = Town::new();
    let (firm, email) = (town.firm(), "kit@example.com");
    let asked = json!([{ "name": "branch", "label": "Branch", "type": "text", "required": true }]);
    let version = firm.operator.get(&firm.path("")).expect(200).version();
    let patch = json!({ "custom_fields": asked });
    firm.operator.call("PATCH", &firm.path("")).if_match(version).json(&patch).send().expect(200);
    let refused = || {
        let answer = firm.api.post("/v1/complaints", &crate::firm::complaint(json!({})));
        (answer.status == 422).then(|| answer.problem(422, "invalid").pointers())
    };
    assert_eq!(within(Duration::from_secs(10), "a system is asked for it", refused), ["/custom/branch"]);
    let mut browser = town.browser();
    answer(&mut browser, &firm, email);
    let at = |rest: &str| format!("/{}/complain/{rest}", firm.slug);
    let page = browser.get(&at("check"));
    led_to(&browser.post(&page, &at("check"), &[("consent", "yes")]), &at("received"));
    let complaint = firm.api.get(&format!("/v1/complaints/{}", only(&firm)["id"].as_str().unwrap())).expect(200).body;
    assert_eq!((&complaint["channel"], &complaint["custom"]), (&json!("web"), &json!({})));
}

#[test]
fn a_draft_is_saved_and_taken_up_elsewhere() {
    let town = Town::new();
    let (firm, email) = (town.firm(), "ada@example.com");
    let at = |rest: &str| format!("/{}/{rest}", firm.slug);
    let mut browser = town.browser();
    answer(&mut browser, &firm, email);
    let page = browser.get(&at("complain/what"));
    let saved = browser.post(&page, &at("complain/save"), &[("step", "what"), ("words", "Changed my mind")]);
    assert_eq!(saved.status, 303);
    let page = browser.get(saved.header("location").expect("a place"));
    assert!(page.text.contains("/come-back/"), "{}", page.text);
    let page = browser.post(&page, &at("complain/save/mail"), &[("email", email)]);
    assert!(page.status == 200 && page.text.contains(email));
    let mail = town.mail(email, "saved");
    let link = mail.split_whitespace().find(|word| word.contains("/come-back/")).expect("a link").to_owned();
    let place = link[link.find(&format!("/{}/", firm.slug)).expect("a path")..].to_owned();

    let mut elsewhere = town.browser();
    assert_eq!(elsewhere.get(&place).status, 303);
    assert!(elsewhere.get(&at("complain/what")).text.contains("Changed my mind"));
    assert_eq!(elsewhere.get(&at(&format!("come-back/{}", "0".repeat(64)))).status, 410);
    let other = town.firm();
    let path = place.replace(&firm.slug, &other.slug);
    assert_eq!(elsewhere.get(&path).status, 410, "a draft is of one firm");

    // The same is said whether there is a draft or not.
    let said = |email: &str| {
        let mut browser = town.browser();
        let page = browser.get(&at("come-back"));
        let answer = browser.post(&page, &at("come-back"), &[("email", email)]);
        assert_eq!(answer.status, 200);
        answer.text.lines().filter(|line| !line.contains("csrf")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(said(email), said("nobody@example.com"));

    // Language and format are kept, and what was typed along with them.
    let page = elsewhere.get(&at("complain/what"));
    let chosen = elsewhere.post(&page, &at("complain/save"), &[("words", "Mehr"), ("language", "de")]);
    led_to(&chosen, &at("complain/what"));
    let page = elsewhere.get(&at("complain/what"));
    assert!(page.text.contains("<html lang=\"de\"") && page.text.contains("Mehr"));
}

#[test]
fn what_is_no_form_of_ours_is_refused_and_what_is_not_there_is_a_page() {
    let town = Town::new();
    let firm = town.firm();
    let at = |rest: &str| format!("/{}/{rest}", firm.slug);
    let mut browser = town.browser();
    let page = browser.get(&at("complain/what"));
    let form = browser.form(&page, &at("complain/what"), &WHAT).into_bytes();
    let url = "application/x-www-form-urlencoded";
    let refused = |call: crate::client::Call<'_>| call.try_send().expect("the stack answers");
    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let post = || browser.client.call("POST", &at("complain/what")).header("cookie", &cookies.join("; "));
    assert_eq!(refused(post().bytes(url, form.clone())).status, 403, "it does not say from where");
    let from = |origin: &str| post().header("origin", origin).bytes(url, form.clone());
    assert_eq!(refused(from("https://evil.example")).status, 403);
    assert_eq!(town.browser().send("POST", &at("complain/what"), Some((url, form))).status, 403, "another browser's");
    let bare = browser.send("POST", &at("complain/what"), Some((url, b"words=x".to_vec())));
    assert_eq!(bare.status, 403);
    for body in [b"--edge".to_vec(), b"\xff\0%%%".to_vec(), Vec::new()] {
        let answer = browser.send("POST", &at("complain/evidence"), Some(("multipart/form-data; boundary=edge", body)));
        assert_eq!(answer.status, 422, "{}", answer.text);
    }

    for path in [at("nothing/here"), at("case/files/x"), format!("/{}/", unused()), at("..%2f..%2fv1")] {
        let answer = browser.get(&path);
        let is_page = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        assert!(is_page || answer.status == 303, "{path}: {} {}", answer.status, answer.text);
    }
    let closed = Firm::on(&operator(&town.stack), json!({}));
    assert_eq!(browser.get(&format!("/{}/", closed.slug)).status, 404, "it has no portal");
    Client::new(town.stack.base_url(), None).get("/v1/nothing").problem(404, "not_found");
    let body = json!({ "slug": "scim", "display_name": "X", "sector": "bank", "jurisdiction": "eu", "reference_prefix": "XX" });
    operator(&town.stack).post("/v1/tenants", &body).problem(422, "invalid");
}
