//! An import's rows from outside: whatever pieces its body comes in.

use proptest::prelude::*;
use serde_json::{Value, json};
use shared::{
    chain::Digest,
    exchange::{
        answer::Refused,
        import::{Draft, Importer, Mapped, Row, mapping},
        source::Format,
    },
    http::problem::Code,
    tenant::custom_field::CustomField,
};

/// Number, line, identity, fingerprint, and the description or why there is none.
type Read = (u64, u64, String, Digest, Result<String, Refused>);

fn read(row: Row) -> Read {
    let Row { number, line, identity, fingerprint, draft, .. } = row;
    let said = draft.map(|draft| match draft {
        Draft::New(new) => new.description.as_str().to_owned(),
        Draft::File(file) => format!("file {}", file.version),
    });
    (number, line, identity, fingerprint, said)
}

fn rows(mut importer: Importer, body: &[u8], lengths: &[usize]) -> Result<Vec<Read>, Refused> {
    let (mut found, mut rest) = (Vec::new(), body);
    let mut lengths = lengths.iter().cycle();
    let mut begun = false;
    loop {
        let (piece, after) = rest.split_at((*lengths.next().unwrap()).min(rest.len()));
        importer.feed(piece);
        if after.is_empty() {
            importer.end();
        }
        begun = begun || importer.begin()?;
        if begun {
            found.extend(std::iter::from_fn(|| importer.next_row()).map(read));
        }
        if after.is_empty() {
            return Ok(found);
        }
        rest = after;
    }
}

fn ndjson(first_row: u64) -> Importer {
    Importer::new(Format::Ndjson, Mapped::Not, Vec::new(), first_row)
}

fn intake(description: &str) -> String {
    json!({ "complainant": { "name": "Ada" }, "channel": "web", "description": description }).to_string()
}

fn codes(found: &[Read]) -> Vec<Option<Code>> {
    found.iter().map(|(.., said)| said.as_ref().err().map(|refused| refused.code)).collect()
}

#[test]
fn bad_rows_stand_among_good_ones() {
    let good = intake("A fee.");
    let body = format!("{good}\n\n{{\"channel\": web}}\n{{\"channel\":\"pigeon\"}}\n[1]\n\"\u{7}\"\n{good}");
    let found = rows(ndjson(1), body.as_bytes(), &[usize::MAX]).unwrap();
    let places: Vec<_> = found.iter().map(|(number, line, identity, ..)| (*number, *line, identity.as_str())).collect();
    assert_eq!(places, [(1, 1, "1"), (3, 3, "3"), (4, 4, "4"), (5, 5, "5"), (6, 6, "6"), (7, 7, "7")]);
    let (syntax, invalid) = (Some(Code::MalformedJson), Some(Code::Invalid));
    assert_eq!(codes(&found), [None, syntax, invalid, invalid, syntax, None]);
    assert_eq!(found[0].3, found[5].3, "the same content has the same fingerprint");
    let Err(refused) = &found[2].4 else { panic!("accepted") };
    let pointers: Vec<_> = refused.errors.iter().map(|error| error.pointer.as_deref().unwrap()).collect();
    assert_eq!(pointers, ["/channel", "/complainant"]);
}

#[test]
fn rows_are_numbered_from_where_the_caller_says() {
    let body = format!("{}\n{}\n", intake("a"), intake("b"));
    let numbers =
        |importer| rows(importer, body.as_bytes(), &[7]).unwrap().into_iter().map(|row| row.0).collect::<Vec<_>>();
    assert_eq!(numbers(ndjson(501)), [501, 502]);
    let csv = b"channel,complainant.name,description\nweb,Ada,a\n\"web\",Ada,\"b\nc\"\nweb,Ada,d";
    let importer = Importer::new(Format::Csv(b','), Mapped::Not, Vec::new(), 501);
    let found = rows(importer, csv, &[usize::MAX]).unwrap();
    let places: Vec<_> = found.iter().map(|(number, line, ..)| (*number, *line)).collect();
    assert_eq!(places, [(501, 2), (502, 3), (503, 5)]);
}

#[test]
fn a_table_is_read_by_the_mapping_in_its_first_line() {
    let mapping = json!({ "fields": [
        { "to": "description", "column": "Text" }, { "to": "external_reference", "column": "Nr" },
        { "to": "channel", "value": "letter" }, { "to": "complainant.name", "value": "Unknown" } ], "row_id": "Nr" });
    let body = format!("{mapping}\r\n\r\nNr;Text;Else\r\n7;\"A;\r\nfee\";x\r\n;y;x\r\n8;b\r\n");
    let importer = Importer::new(Format::Csv(b';'), Mapped::ByFirstLine, Vec::new(), 1);
    let found = rows(importer, body.as_bytes(), &[3]).unwrap();
    let places: Vec<_> = found.iter().map(|(number, line, identity, ..)| (*number, *line, identity.as_str())).collect();
    assert_eq!(places, [(1, 4, "7"), (2, 6, "2"), (3, 7, "3")]);
    assert_eq!((found[0].4.as_deref(), codes(&found)[1..].to_vec()), (Ok("A;\r\nfee"), vec![Some(Code::Invalid); 2]));
    let lines = format!("{mapping}\n{{\"Nr\":1,\"Text\":\"a\"}}\n{{\"Nr\":2}}\n7\n");
    let importer = Importer::new(Format::Ndjson, Mapped::ByFirstLine, Vec::new(), 1);
    let found = rows(importer, lines.as_bytes(), &[usize::MAX]).unwrap();
    let places: Vec<_> = found.iter().map(|(number, line, identity, ..)| (*number, *line, identity.as_str())).collect();
    assert_eq!(places, [(1, 2, "1"), (2, 3, "2"), (3, 4, "3")]);
}

#[test]
fn what_stands_before_the_rows_is_refused_as_a_whole() {
    let begun =
        |mapped, body: &str| rows(Importer::new(Format::Csv(b','), mapped, Vec::new(), 1), body.as_bytes(), &[5]);
    let errors = |refused: Refused| {
        refused.errors.into_iter().filter_map(|error| error.column.or(error.pointer)).collect::<Vec<_>>()
    };
    let mapped = || {
        Mapped::By(Box::new(
            mapping(br#"{"fields":[{"to":"channel","column":"A"},{"to":"tags","column":"B"}]}"#).unwrap(),
        ))
    };
    assert_eq!(errors(begun(mapped(), "B,C\nx,y\n").unwrap_err()), ["A"]);
    assert_eq!(
        errors(begun(Mapped::ByFirstLine, "{\"fields\":[{\"to\":\"id\"}]}\nA\n").unwrap_err()),
        ["/fields/0/to"]
    );
    assert_eq!(begun(Mapped::ByFirstLine, "{\"fields\":").unwrap_err().code, Code::MalformedJson);
    assert_eq!(begun(Mapped::Not, "colour,size\nred,1\n").unwrap_err().code, Code::Invalid);
    assert_eq!(begun(Mapped::Not, "").unwrap(), []);
}

#[test]
fn fields_of_the_tenant_are_read_as_it_has_declared_them() {
    let declared: Vec<CustomField> =
        serde_json::from_value(json!([{ "name": "visits", "label": "Visits", "type": "integer" }])).unwrap();
    let mut importer = Importer::new(Format::Csv(b','), Mapped::Not, declared, 1);
    importer.feed(b"channel,complainant.name,description,custom.visits,id\nweb,Ada,x,3,\nweb,Ada,x,few,\n");
    importer.end();
    assert_eq!(importer.begin(), Ok(true));
    assert_eq!(importer.columns_left_out(), ["id"]);
    let values = |row: Row| match row.draft.unwrap() {
        Draft::New(new) => serde_json::to_value(new.custom).unwrap(),
        Draft::File(_) => Value::Null,
    };
    assert_eq!(importer.next_row().map(values), Some(json!({ "visits": 3 })));
    assert_eq!(importer.next_row().map(values), Some(json!({ "visits": "few" })));
}

#[test]
fn the_end_of_an_export_is_no_row() {
    let body = format!(
        "{}\n{{\"format\":\"redress-export/1\",\"complaints\":1}}\n",
        intake("redress-export/1 redress-case-file/1")
    );
    let found = rows(ndjson(1), body.as_bytes(), &[usize::MAX]).unwrap();
    assert_eq!(codes(&found), [None]);
}

proptest! {
    #[test]
    fn rows_do_not_depend_on_pieces(
        texts in prop::collection::vec("[a-zé\"\\\\ ,\\n]{0,12}", 0..8), lengths in prop::collection::vec(1_usize..40, 1..5),
    ) {
        let lines: String = texts.iter().map(|text| format!("{}\n", intake(text))).collect();
        prop_assert_eq!(rows(ndjson(1), lines.as_bytes(), &lengths), rows(ndjson(1), lines.as_bytes(), &[usize::MAX]));
        let quoted = |text: &String| format!("web,Ada,\"{}\"\r\n", text.replace('"', "\"\""));
        let table = format!("channel,complainant.name,description\r\n{}", texts.iter().map(quoted).collect::<String>());
        let csv = || Importer::new(Format::Csv(b','), Mapped::Not, Vec::new(), 1);
        let found = rows(csv(), table.as_bytes(), &lengths);
        prop_assert_eq!(&found, &rows(csv(), table.as_bytes(), &[usize::MAX]));
        let said: Vec<_> = found.unwrap().into_iter().map(|row| row.4.ok()).collect();
        let blank = |text: &String| (!text.trim().is_empty()).then(|| text.clone());
        prop_assert_eq!(said, texts.iter().map(blank).collect::<Vec<_>>());
    }
}
