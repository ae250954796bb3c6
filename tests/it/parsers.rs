//! Readers of foreign bytes under what looks nearly right, and under what the fuzz targets have found.

mod cursors;
mod forms;
mod found;
mod nearly;
mod properties;

use std::net::IpAddr;

use chrono::DateTime;
use proptest::prelude::*;
use sira::evidence::{Checkpoint, Note};
use sira_numbers::LARGEST;

use self::nearly::nearly;

/// What a signed checkpoint looks like.
fn checkpoints() -> Vec<String> {
    let key = properties::key();
    let origin = key.verifier().name().to_owned();
    let texts = [(0, None), (1_234_067, Some([7; 32]))].map(|(size, streams)| {
        Checkpoint { origin: origin.clone(), size, root: [3; 32], streams }.to_string()
    });
    let foreign = format!("{}extension of another log\n", texts[0]);
    texts.into_iter().chain([foreign]).collect()
}

fn notes() -> Vec<String> {
    let key = properties::key();
    let signed = |text: String| {
        let line = key.sign(&text, DateTime::UNIX_EPOCH);
        Note { text, signatures: vec![line.clone(), line] }.to_string()
    };
    checkpoints().into_iter().map(signed).collect()
}

fn tile_places() -> Vec<String> {
    ["000", "x001/x234/067", "x001/x234/067.p/8", "x018/x446/x744/x073/x709/x551/615.p/255"]
        .map(str::to_owned)
        .to_vec()
}

fn references() -> Vec<String> {
    ["7K3M-9QX2-C", "0000-0000-0", "o0i1-LL11-5", " 7k3m 9qx2 c "].map(str::to_owned).to_vec()
}

fn bundles() -> Vec<String> {
    let event = |sequence: u64, position: u64| {
        serde_json::json!({
            "position": position, "sequence": sequence, "event_type": "Registered",
            "event_version": "1.0", "recorded_at": "2022-01-11T08:00:00.000000Z",
            "payload": "{}", "metadata": "{}", "proof": ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="],
        })
    };
    let bundle = |events: Vec<serde_json::Value>, checkpoint: &str| {
        serde_json::json!({
            "form": "sira.bundle/v1", "journal": "j", "stream_type": "beneficiary",
            "stream_id": "0190f7f5-0000-7000-8000-000000000001", "checkpoint": checkpoint,
            "key": properties::key().verifier().to_string(), "introductions": [],
            "last": { "sequence": 2, "proof": [] }, "events": events,
        })
        .to_string()
    };
    let whole = notes().into_iter().map(|note| bundle(vec![event(1, 1), event(2, 5)], &note));
    // Numbers at the ends of what there is.
    let ends = [LARGEST, u64::MAX]
        .map(|last| bundle(vec![event(last, last), event(last, last), event(0, 0)], ""));
    whole.chain(ends).collect()
}

fn import_maps() -> Vec<String> {
    let steps = r#"source = "survey"
key = "{row}"
delimiter = ";"
[lookup.levels]
"11" = "2"
[[step]]
command = "register"
occurred_on = "{year}-01-02"
[step.fields]
programme = "$programme"
birth_year = { column = "age", as = "years_before", of = 1976 }
education = { column = "educ", as = "lookup", table = "levels" }
displaced = { column = "moved", as = "boolean" }
identity = { name = "Personne {row}", phone = { column = "phone" } }
[[step]]
command = "record-income"
when = { column = "income", equals = "1" }
fields = { amount = { column = "re74", as = "amount" }, source = ["a", { column = "b", as = "integer" }] }
"#;
    vec![steps.to_owned()]
}

fn headers() -> impl Strategy<Value = Vec<(&'static str, Vec<u8>)>> {
    let examples: [(&'static str, &[&str]); 10] = [
        ("accept-language", &["en", "fr-ML, en;q=0.5"]),
        ("x-request-id", &["req-1", "0190f7f5_a.b:c"]),
        ("if-match", &["\"5\"", "W/\"5\"", "*"]),
        ("sira-device", &["phone-7"]),
        ("sira-device-time", &["2022-01-11T08:00:00Z", "2022-01-11T08:00:00.5+01:00"]),
        ("sira-correlation-id", &["c-1"]),
        ("sira-causation-id", &["c-2"]),
        ("idempotency-key", &["k-1"]),
        ("authorization", &["Bearer sira_x", "bearer  y "]),
        ("accept", &["text/event-stream", "application/json, text/event-stream;q=0.1"]),
    ];
    let one = |(name, texts): (&'static str, &[&str])| {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        let value = prop_oneof![
            3 => nearly(texts).prop_map(String::into_bytes),
            1 => prop::collection::vec(any::<u8>(), 0..200),
        ];
        (Just(name), value).boxed()
    };
    let each = prop::strategy::Union::new(examples.map(one));
    prop::collection::vec(each, 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_note_is_read_and_written_alike(text in nearly(notes())) {
        properties::note(&text);
    }

    #[test]
    fn a_signature_line_is_written_in_one_way(
        text in nearly(notes().iter().filter_map(|note| note.lines().last().map(str::to_owned)).collect())
    ) {
        properties::signature_line(&text);
    }

    #[test]
    fn a_verifier_key_is_written_in_one_way(text in nearly(vec![properties::key().verifier().to_string()])) {
        properties::verifier_key(&text);
    }

    #[test]
    fn a_checkpoint_says_what_it_said(text in nearly(checkpoints())) {
        properties::checkpoint(&text);
    }

    #[test]
    fn a_bundle_comes_to_a_verdict(text in nearly(bundles())) {
        properties::bundle(text.as_bytes());
    }

    #[test]
    fn a_tile_has_one_place_and_a_place_one_text(
        text in nearly(tile_places()), index in any::<u64>(), width in 1_usize..=256,
    ) {
        properties::tile_place(&text);
        properties::written_tile_place(index, width);
    }

    #[test]
    fn an_import_map_fills_or_names_the_column(
        text in nearly(import_maps()),
        cell in nearly(["", "1", "37", "2022-01-02", "9930.05", "-9223372036854775808", "Personne {row}"].map(str::to_owned).to_vec()),
    ) {
        properties::import_map(&text, &cell);
    }

    #[test]
    fn a_cursor_leads_back_to_its_place(
        question in "[a-z/_=\n0-9]{0,80}", place in "\\PC{0,80}",
        text in nearly(["2026-01-01 7", ""].map(|place| sira::http::foreign::write_cursor("/v1/beneficiaries", place)).to_vec()),
    ) {
        properties::written_cursor(&question, &place);
        properties::cursor(&text);
    }

    #[test]
    fn a_place_in_a_list_has_one_form(text in nearly(vec!["2026-01-01 0190f7f5-0000-7000-8000-000000000001".to_owned()])) {
        properties::case_place(&text);
    }

    #[test]
    fn a_reference_is_the_one_on_paper(text in nearly(references())) {
        properties::reference(&text);
    }

    #[test]
    fn an_entity_tag_is_written_in_one_way(text in nearly(["\"5\"", "\"18446744073709551615\"", "W/\"5\""].map(str::to_owned).to_vec())) {
        properties::etag(&text);
    }

    #[test]
    fn an_answer_has_a_form_that_the_client_takes(
        text in nearly([
            "application/json", "text/csv;q=0.8, */*;q=0.1", "text/*, application/json;q=0",
            "text/html,application/xhtml+xml,*/*;q=0.8",
        ].map(str::to_owned).to_vec())
    ) {
        properties::accept(&text);
    }

    #[test]
    fn headers_are_read_or_named(values in headers()) {
        properties::headers(&values);
    }

    #[test]
    fn nobody_is_believed_who_is_not_trusted(
        trusted in prop::collection::vec(nearly(["10.0.0.0/8", "2001:db8::/32", "192.0.2.1", "::ffff:10.0.0.0/104"].map(str::to_owned).to_vec()), 0..3),
        peer in any::<IpAddr>(),
        lines in prop::collection::vec(
            nearly(["198.51.100.7", "203.0.113.5, 10.0.0.1", "[2001:db8::1]:443, 10.0.0.1:80"].map(str::to_owned).to_vec()).prop_map(String::into_bytes), 0..3),
    ) {
        properties::forwarded(&trusted, peer, &lines);
        properties::forwarded(&["0.0.0.0/0".to_owned(), "::/0".to_owned()], peer, &lines);
    }
}
