//! Ways to change the tables themselves: rows that are no events any more, the head, and what was signed.

use sira::evidence::verify::{DeviationKind, Options};

use super::base::{Base, Copy, DISARM_POSTGRES};
use super::expected::{Named, name_of};
use super::forge::{other_key, quoted};

/// Statements that somebody runs, what must be named then, and to whom.
pub struct Case {
    pub name: &'static str,
    pub sql: String,
    pub names: Vec<Named>,
    pub options: Options,
}

/// Every case; `copy` is an untouched one.
pub async fn cases(base: &Base, copy: &Copy<'_>) -> Vec<Case> {
    [
        row_cases(base),
        head_cases(base),
        name_cases(base),
        beside_cases(base),
        checkpoint_cases(base),
        signed_at_cases(base),
        tile_cases(base, copy).await,
    ]
    .concat()
}

impl Clone for Case {
    fn clone(&self) -> Self {
        let Self { name, sql, names, options } = self;
        Self { name, sql: sql.clone(), names: names.clone(), options: options.clone() }
    }
}

struct Cases<'a>(&'a Base, Vec<Case>);

impl Cases<'_> {
    /// A case that whoever knows the key must see.
    fn add(
        &mut self,
        name: &'static str,
        sql: impl Into<String>,
        kind: DeviationKind,
        at: Option<u64>,
    ) {
        let (mut sql, names) = (sql.into(), vec![(kind, at)]);
        if !self.0.is_file() {
            // Rows that the table's own rules forbid: those are gone then, which is named as well.
            let forbidden = ["= -1", "= 0", "= 121", "NULL", "decode('00'", "hashes"];
            if forbidden.iter().any(|part| sql.contains(part)) {
                sql = format!("{DISARM_POSTGRES} {sql}");
            }
        }
        self.1.push(Case { name, sql, names, options: self.0.knowing_the_key() });
    }
}

/// Rows that have not the form of an event, or no place.
fn row_cases(base: &Base) -> Vec<Case> {
    let mut cases = Cases(base, Vec::new());
    let unreadable = DeviationKind::Unreadable;
    let set = |what: &str| format!("UPDATE events SET {what} WHERE position = 120");
    cases.add(
        "an id in capitals",
        set("aggregate_id = upper(aggregate_id)"),
        unreadable,
        Some(120),
    );
    cases.add("an id that is none", set("aggregate_id = 'nobody'"), unreadable, Some(120));
    cases.add(
        "an id with a space",
        set("aggregate_id = aggregate_id || ' '"),
        unreadable,
        Some(120),
    );
    let two_lines = set("event_type = event_type || '\n'");
    cases.add("a type of two lines", two_lines, unreadable, Some(120));
    let zero = if base.is_file() { "zeroblob(32)" } else { "decode(repeat('00', 32), 'hex')" };
    cases.add(
        "no leaf hash",
        set(&format!("leaf_hash = {zero}")),
        DeviationKind::Altered,
        Some(120),
    );
    let of_another = set("leaf_hash = (SELECT leaf_hash FROM events WHERE position = 121)");
    cases.add("the leaf hash of another", of_another, DeviationKind::Altered, Some(120));
    let far = "UPDATE events SET position = 9000000000000000000 WHERE position = 120";
    cases.add("a place without end", far, unreadable, Some(9_000_000_000_000_000_000));
    cases.add("a place without end leaves a hole", far, DeviationKind::Missing, Some(120));
    let set_place =
        |place: &str| format!("UPDATE events SET position = {place} WHERE position = 120");
    cases.add("a place before the first", set_place("-1"), unreadable, None);
    cases.add("a place at zero", set_place("0"), unreadable, None);
    if base.is_file() {
        cases.add("a short leaf hash", set("leaf_hash = X'00'"), unreadable, Some(120));
        let other_form = set("recorded_at = replace(recorded_at, 'Z', '+00:00')");
        cases.add("a time in another form", other_form, unreadable, Some(120));
        cases.add("a time that is none", set("recorded_at = 'yesterday'"), unreadable, Some(120));
        let bytes = set("payload = CAST(X'FF' AS TEXT)");
        cases.add("a payload of bytes that are no text", bytes, unreadable, Some(120));
    } else {
        cases.add("two events at one place", set_place("121"), unreadable, Some(121));
        cases.add("no place at all", set_place("NULL"), unreadable, None);
        cases.add("no time", set("recorded_at = 'infinity'"), unreadable, Some(120));
        let early = set("recorded_at = '-infinity'");
        cases.add("a time before all calendars", early, unreadable, Some(120));
        cases.add("no type at all", set("event_type = NULL"), unreadable, Some(120));
        let short = set("leaf_hash = decode('00', 'hex')");
        cases.add("a short leaf hash", short, unreadable, Some(120));
    }
    cases.1
}

fn head_cases(base: &Base) -> Vec<Case> {
    let mut cases = Cases(base, Vec::new());
    let set = |what: &str| format!("UPDATE journal_head SET {what}");
    cases.add(
        "a head that is ahead",
        set("next_position = next_position + 1"),
        DeviationKind::Head,
        None,
    );
    cases.add(
        "a head that is behind",
        set("next_position = next_position - 1"),
        DeviationKind::Head,
        None,
    );
    let early = set("recorded_at = '2020-01-01T00:00:00.000000Z'");
    cases.add("a head of an earlier time", early, DeviationKind::Head, None);
    let company = "INSERT INTO journal_head (journal, next_position, recorded_at) \
         VALUES ('second', 1, '2026-01-01T00:00:00.000000Z')";
    cases.add("a head beside the head", company, DeviationKind::Head, None);
    cases.add("no head", "DELETE FROM journal_head", DeviationKind::Head, None);
    cases.add("a head of another journal", set("journal = 'other'"), DeviationKind::Head, None);
    let setting = |sql: String| sql;
    let replaced = format!(
        "UPDATE journal_settings SET value = {} WHERE name = 'evidence_key'",
        quoted(&other_key(base).verifier().to_string())
    );
    cases.add("another key in the settings", setting(replaced.clone()), DeviationKind::Key, None);
    let first = base.checkpoints.first().map(|first| first.0);
    let options = Options::default();
    let names = vec![(DeviationKind::Signature, first)];
    let name = "another key in the settings, for who knows none";
    cases.1.push(Case { name, sql: replaced, names, options: options.clone() });
    let removed = "DELETE FROM journal_settings WHERE name = 'evidence_key'".to_owned();
    cases.add("no key in the settings", removed.clone(), DeviationKind::Key, None);
    let name = "no key in the settings, for who knows none";
    cases.1.push(Case {
        name,
        sql: removed,
        names: vec![(DeviationKind::Key, None)],
        options: options.clone(),
    });
    let broken =
        "UPDATE journal_settings SET value = 'no key' WHERE name = 'evidence_key'".to_owned();
    let name = "a key that is none in the settings, for who knows none";
    cases.1.push(Case { name, sql: broken, names: vec![(DeviationKind::Key, None)], options });
    cases.1
}

/// The table of second names, which steers whom a command reaches.
fn name_cases(base: &Base) -> Vec<Case> {
    let mut cases = Cases(base, Vec::new());
    let named: Vec<_> = base.events.iter().filter(|event| name_of(event).is_some()).collect();
    let people: Vec<_> =
        named.iter().filter(|event| event.event_type == "Registered").copied().collect();
    let (one, other) = (people[0], people[1]);
    let (first, second) = (name_of(one).unwrap(), name_of(other).unwrap());
    let lead = |name: &str, id: &uuid::Uuid| {
        format!("UPDATE stream_aliases SET aggregate_id = '{id}' WHERE alias = '{name}'")
    };
    let (a, b) = (&one.stream.aggregate_id, &other.stream.aggregate_id);
    let exchanged = format!("{}; {}", lead(&first, b), lead(&second, a));
    let at = |event: &sira::journal::RecordedEvent| Some(event.position.get());
    let kind = DeviationKind::Name;
    cases.add("two references exchanged", exchanged.clone(), kind, at(one));
    cases.add("two references exchanged, the other", exchanged, kind, at(other));
    cases.add("a reference that leads to somebody else", lead(&first, b), kind, at(one));
    let gone = format!("DELETE FROM stream_aliases WHERE alias = '{first}'");
    cases.add("a reference that leads nowhere", gone, kind, at(one));
    let invented = format!(
        "INSERT INTO stream_aliases (alias, aggregate_type, aggregate_id) VALUES ('ZZZZZZZZZ', 'beneficiary', '{a}')"
    );
    cases.add("a reference that nobody was given", invented, kind, None);
    let other_kind =
        format!("UPDATE stream_aliases SET aggregate_type = 'fund' WHERE alias = '{first}'");
    cases.add("a reference that leads to another kind of stream", other_kind, kind, at(one));
    let renamed = format!("UPDATE stream_aliases SET alias = 'ZZZZZZZZZ' WHERE alias = '{first}'");
    cases.add("a reference that is another", renamed.clone(), kind, at(one));
    cases.add("another reference is of no event", renamed, kind, None);
    for (name, word) in [("a fund's code", "FundOpened"), ("a group's code", "CohortPlanned")] {
        let event = named.iter().find(|event| event.event_type == word).unwrap();
        let code = name_of(event).unwrap();
        let away = lead(&code, a);
        cases.add(name, away, kind, at(event));
    }
    cases.1
}

/// What is kept beside the events: frozen reports, and answers for retries.
fn beside_cases(base: &Base) -> Vec<Case> {
    let mut cases = Cases(base, Vec::new());
    let kind = DeviationKind::Report;
    let moved = "UPDATE reports SET position = 101";
    cases.add("another position of a frozen report", moved, kind, Some(101));
    let nowhere = "UPDATE reports SET position = 9000000";
    cases.add("a frozen report of what is not there", nowhere, kind, Some(9_000_000));
    let text = "UPDATE report_documents SET content = '{\"a\":1}'";
    cases.add("another text of a frozen document", text, kind, None);
    let event = base.event(120);
    let answered = |position: u64, version: u64, at: &str| {
        let hash =
            "decode('0000000000000000000000000000000000000000000000000000000000000000', 'hex')";
        format!(
            "INSERT INTO requests (actor, key, body_hash, answer, position, version, recorded_at) VALUES \
             ('a', 'b', {hash}, '{{\"id\":\"{}\"}}', {position}, {version}, '{at}')",
            event.stream.aggregate_id
        )
    };
    let (late, kind) = ("2999-01-01T00:00:00.000000Z", DeviationKind::Request);
    let version = event.sequence.get();
    let early = "2020-01-01T00:00:00.000000Z";
    cases.add(
        "an answer of an event to come",
        answered(9_000_000, version, late),
        kind,
        Some(9_000_000),
    );
    cases.add("an answer from before its event", answered(120, version, early), kind, Some(120));
    cases.add("an answer of another version", answered(120, version + 1, late), kind, Some(120));
    let ahead = "UPDATE events SET recorded_at = '2999-01-01T00:00:00.000000Z' WHERE position = ";
    let now = Some(sira::clock::Clock::System.now());
    let last = base.last().0;
    cases.1.push(Case {
        name: "an event of a day to come",
        sql: format!("{ahead}{last}"),
        names: vec![(DeviationKind::Clock, Some(last)), (DeviationKind::Altered, Some(last))],
        options: Options { now, ..base.knowing_the_key() },
    });
    cases.1
}

/// When a checkpoint says that it was signed.
fn signed_at_cases(base: &Base) -> Vec<Case> {
    let mut cases = Cases(base, Vec::new());
    let middle = base.covering(200).0;
    let set = |at: &str| {
        format!("UPDATE evidence_checkpoints SET signed_at = '{at}' WHERE size = {middle}")
    };
    let (kind, at) = (DeviationKind::SignedAt, Some(middle));
    cases.add("signed before its events", set("2020-01-01T00:00:00.000000Z"), kind, at);
    cases.add("signed after the next one", set("2999-01-01T00:00:00.000000Z"), kind, at);
    let none = if base.is_file() { "yesterday" } else { "infinity" };
    cases.add("signed at no time", set(none), kind, at);
    cases.1
}

fn checkpoint_cases(base: &Base) -> Vec<Case> {
    let mut cases = Cases(base, Vec::new());
    let middle = base.covering(200).0;
    let (last, _) = base.last();
    let set = |what: &str| format!("UPDATE evidence_checkpoints SET {what} WHERE size = {middle}");
    let note: sira::evidence::Note = base.covering(200).1;
    let by_another = other_key(base).sign(&note.text, chrono::DateTime::UNIX_EPOCH);
    let foreign = sira::evidence::Note { text: note.text.clone(), signatures: vec![by_another] };
    let (other_root, _) = (base.covering(300).1, 0);
    let forged = note.to_string().replacen(&line(&note.text, 2), &line(&other_root.text, 2), 1);
    let other_index =
        note.to_string().replacen(&line(&note.text, 3), &line(&other_root.text, 3), 1);
    let of_note = |note: &str| set(&format!("note = {}", quoted(note)));
    cases.add("another root in a checkpoint", of_note(&forged), DeviationKind::Root, Some(middle));
    cases.add(
        "another root is not signed",
        of_note(&forged),
        DeviationKind::Signature,
        Some(middle),
    );
    cases.add(
        "another stream index",
        of_note(&other_index),
        DeviationKind::StreamIndex,
        Some(middle),
    );
    let foreign = of_note(&foreign.to_string());
    cases.add(
        "a checkpoint signed by another key",
        foreign,
        DeviationKind::Signature,
        Some(middle),
    );
    cases.add(
        "a checkpoint that is none",
        of_note("nothing"),
        DeviationKind::Checkpoint,
        Some(middle),
    );
    let swapped = of_note(&other_root.to_string());
    cases.add("the note of another size", swapped, DeviationKind::Checkpoint, Some(middle));
    let unsigned = of_note(&format!("{}\n", note.text));
    cases.add("a checkpoint without signatures", unsigned, DeviationKind::Checkpoint, Some(middle));
    let renamed = note.to_string().replace(base.verifier().name(), "another/log");
    cases.add(
        "the checkpoint of another log",
        of_note(&renamed),
        DeviationKind::Checkpoint,
        Some(middle),
    );
    let moved = set(&format!("size = {}", last + 7));
    cases.add("a checkpoint of another size", moved, DeviationKind::Checkpoint, Some(last + 7));
    let newest = format!("DELETE FROM evidence_checkpoints WHERE size = {last}");
    let before = base.checkpoints[base.checkpoints.len() - 2].0;
    cases.add("the newest checkpoint is removed", newest, DeviationKind::Tile, Some(before + 1));
    let all = "DELETE FROM evidence_checkpoints";
    cases.add("all checkpoints are removed", all, DeviationKind::Tile, Some(1));
    cosignature_cases(&mut cases);
    cases.1
}

fn line(text: &str, place: usize) -> String {
    text.lines().nth(place).unwrap().to_owned()
}

fn cosignature_cases(cases: &mut Cases) {
    let base = cases.0;
    let (last, note) = base.last();
    let of_last = format!("WHERE size = {last}");
    let set = |what: String| format!("UPDATE evidence_cosignatures SET {what} {of_last}");
    let another = sira::evidence::generate_key(
        base.witness.verifier().name(),
        sira::evidence::Algorithm::Cosignature,
    )
    .unwrap();
    let (at, kind) = (Some(last), DeviationKind::Cosignature);
    let forged = another.sign(&note.text, chrono::DateTime::UNIX_EPOCH);
    cases.add("a forged cosignature", set(format!("line = '{forged}'")), kind, at);
    let key = set(format!("witness = '{}'", another.verifier()));
    cases.add("a cosignature under another key", key, kind, at);
    let of_other = base.witness.sign(&base.covering(200).1.text, chrono::DateTime::UNIX_EPOCH);
    cases.add("a cosignature of another checkpoint", set(format!("line = '{of_other}'")), kind, at);
    cases.add("a cosignature that is none", set("line = 'x'".to_owned()), kind, at);
    let moved = set(format!("size = {}", last + 1));
    cases.add("a cosignature of what is not there", moved, kind, Some(last + 1));
}

async fn tile_cases(base: &Base, copy: &Copy<'_>) -> Vec<Case> {
    let mut cases = Cases(base, Vec::new());
    let mut hand = copy.hand().await;
    let last = base.last().0;
    for (level, index, name) in [
        (
            0,
            0,
            [
                "a full tile is gone",
                "a bit of a full tile",
                "a full tile is cut",
                "a full tile of another",
            ],
        ),
        (
            0,
            1,
            [
                "the last tile is gone",
                "a bit of the last tile",
                "the last tile is cut",
                "the last tile of another",
            ],
        ),
        (
            1,
            0,
            [
                "the upper tile is gone",
                "a bit of the upper tile",
                "the upper tile is cut",
                "an upper tile of another",
            ],
        ),
    ] {
        let bytes = hand.tile(level, index).await;
        let first = index * 256 + 1;
        let which = format!("WHERE level = {level} AND tile_index = {index}");
        let set = |bytes: &[u8]| {
            format!("UPDATE evidence_tiles SET hashes = {} {which}", hand.bytes(bytes))
        };
        let gone = format!("DELETE FROM evidence_tiles {which}");
        cases.add(name[0], gone, DeviationKind::Tile, Some(first));
        let mut flipped = bytes.clone();
        let hashes = bytes.len() / 32;
        flipped[32 * (hashes - 1) + 5] ^= 1;
        let (kind, at) = if level == 0 {
            (DeviationKind::NotInTree, first + hashes as u64 - 1)
        } else {
            (DeviationKind::Tile, 1)
        };
        cases.add(name[1], set(&flipped), kind, Some(at));
        cases.add(name[2], set(&bytes[..bytes.len() - 1]), DeviationKind::Tile, Some(first));
        let other: Vec<u8> = bytes.iter().rev().copied().collect();
        let kind = if level == 0 { DeviationKind::NotInTree } else { DeviationKind::Tile };
        cases.add(name[3], set(&other), kind, Some(first));
    }
    let edge = hand.tile(0, 1).await;
    let more = [edge.as_slice(), &[7; 32]].concat();
    let longer = format!(
        "UPDATE evidence_tiles SET hashes = {} WHERE level = 0 AND tile_index = 1",
        hand.bytes(&more)
    );
    cases.add("a hash more than was signed", longer, DeviationKind::Tile, Some(last + 1));
    let stray = format!(
        "INSERT INTO evidence_tiles (level, tile_index, hashes) VALUES (2, 9, {})",
        hand.bytes(&[7; 32])
    );
    cases.add("a tile more than was signed", stray, DeviationKind::Tile, Some(last + 1));
    hand.close().await;
    cases.1
}
