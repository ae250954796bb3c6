//! Signed notes, keys and checkpoints against what others published; see `tests/vectors/README.md`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use sira::evidence::merkle::verify_consistency;
use sira::evidence::{Checkpoint, Note, NoteError, NoteKey, SignatureLine, VerifierKey};

const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETER_SECRET: &str =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const ENOCH: &str = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n";
const PETER_LINE: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const ENOCH_LINE: &str = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

const GO_SUM: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
/// Checkpoints of the Go checksum database, years apart.
const GO_SUM_NOTES: [&str; 2] = [
    "go.sum database tree\n15081221\nBoMMe1wd25Tco0mYGROkyqxHZWx+hcSCtMV315Lu6Lg=\n\n\
     — sum.golang.org Az3grilD7vQqTrv66jRgKM84Y80KTprrSt4bKmiOPxgmS5ZVBTeCl6dUvjYnN13R+C8j0jGY1WnUADGMkok3U0m2Zgo=\n",
    "go.sum database tree\n63096908\n8lHrQPRYe4KT4WQ9/Qk8/taKnD6IRHbFgfN7vQE2Y54=\n\n\
     — sum.golang.org Az3gri/oVBN1jAhNZ/iS+W31psFAWRT20/GyrhpU6taFwulQGetBkH5S7wpGXdS935jiIGiUUAXBVHzT/P6fYhqAmAk=\n",
];

/// The log that the tests of the witness of transparency-dev watch, at two sizes, and the proof between.
const MONKEYS: &str = "monkeys+db4d9f7e+AULaJMvTtDLHPUcUrjdDad9vDlh/PTfC2VV60JUtCfWT";
const MONKEYS_AT_5: &str = "monkeys\n5\n41smjBUiAU70EtKlT6lIOIYtRTYxYXsDB+XHfcvu/BE=\n\n\
    — monkeys 202fftzGl3LVoqjXfwCFZZXs8I+5G22+Ek2K0AOyBuSJ/8/CZawNF+6fNlTKOCd622pbzJNkkJFWuw9DbicZCkEx9AY=\n";
const MONKEYS_AT_8: &str = "monkeys\n8\nV8K9aklZ4EPB+RMOk1/8VsJUdFZR77GDtZUQq84vSbo=\n\n\
    — monkeys 202ffoUEboiQYpHzICeaFmoy3RNviHTpAxYrq/eO4QQVQMvu9UebKBMX2MJC76NLthZaKsnKbCA8GxrjePZhvDCH7Ag=\n";
const MONKEYS_FROM_5_TO_8: [&str; 4] = [
    "ueHWJhj3/ugDTkxQEPcnqyTY5HBcspbDdL8gJah6ENI=",
    "qsZs16ec5AEtgHYv6O7Dp38i0cpBRcP0zuAi5+/NWZ0=",
    "idD3U/ZqKQxIOznNXp6vsSAhKTOV+tPUoq0FPPvP3J4=",
    "KeQLt5yWb0xv6Wr/bzCs/OXz6NhMAiFRddbgGKXe6DM=",
];

/// The examples of C2SP signed-note and of tlog-cosignature, which holds that of tlog-checkpoint.
const QUASIMODO: &str = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\n\
    ed è subito sera.\n\n\
    — quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
const SOFA: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
    — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
    — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

fn note(text: &str) -> Note {
    text.parse().unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn key(text: &str) -> VerifierKey {
    text.parse().unwrap()
}

/// Every text that has one byte more in one place, and every part of the text but the whole.
fn manglings(text: &str) -> Vec<String> {
    let mut mangled = Vec::new();
    for from in 0..text.len() {
        for to in from + 1..=text.len() {
            if (from, to) != (0, text.len()) {
                mangled.push(text[from..to].to_owned());
            }
        }
        let mut bytes = text.as_bytes().to_vec();
        bytes[from] += 1;
        mangled.push(String::from_utf8(bytes).unwrap());
    }
    mangled
}

#[test]
fn a_published_key_is_read_and_no_mangling_of_it_is() {
    assert_eq!(key(PETER).to_string(), PETER);
    assert_eq!((key(PETER).name(), key(PETER).id()), ("PeterNeumann", [0xc7, 0x4f, 0x20, 0xa3]));
    for wrong in manglings(PETER) {
        assert!(wrong.parse::<VerifierKey>().is_err(), "{wrong}");
    }
    let other_length = "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==";
    let other_algorithm = "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    for wrong in [other_length, other_algorithm] {
        assert!(wrong.parse::<VerifierKey>().is_err(), "{wrong}");
    }
}

#[test]
fn a_published_secret_key_is_read_and_no_mangling_of_it_is() {
    let secret: NoteKey = PETER_SECRET.parse().unwrap();
    assert_eq!(*secret.secret(), PETER_SECRET);
    assert_eq!(secret.verifier().to_string(), PETER);
    for wrong in manglings(PETER_SECRET) {
        assert!(wrong.parse::<NoteKey>().is_err(), "{wrong}");
    }
}

#[test]
fn signing_makes_the_published_note_byte_for_byte() {
    let secret: NoteKey = PETER_SECRET.parse().unwrap();
    let line = secret.sign(TEXT, DateTime::UNIX_EPOCH);
    let signed = Note { text: TEXT.to_owned(), signatures: vec![line] };
    assert_eq!(signed.to_string(), format!("{TEXT}\n{PETER_LINE}"));
    assert_eq!(note(&signed.to_string()), signed);
    assert_eq!(signed.verify(&key(PETER)), Ok(None));
}

#[test]
fn each_key_answers_for_its_own_signature() {
    let both = note(&format!("{TEXT}\n{PETER_LINE}{ENOCH_LINE}"));
    assert_eq!((both.verify(&key(PETER)), both.verify(&key(ENOCH))), (Ok(None), Ok(None)));
    let one = note(&format!("{TEXT}\n{PETER_LINE}"));
    assert_eq!(one.verify(&key(ENOCH)), Err(NoteError::Unsigned("EnochRoot".to_owned())));
    let misnamed = note(&format!("{TEXT}\n{PETER_LINE}").replace("PeterNeumann", "CarmenSandiego"));
    assert_eq!(misnamed.verify(&key(PETER)), Err(NoteError::Unsigned("PeterNeumann".to_owned())));
    let other_id = note(&format!("{TEXT}\n{PETER_LINE}").replace("x08g", "xxxx"));
    assert_eq!(other_id.verify(&key(PETER)), Err(NoteError::Unsigned("PeterNeumann".to_owned())));
}

#[test]
fn a_wrong_signature_of_a_known_key_is_refused_wherever_it_stands() {
    let spoilt = format!("{}ABCD{}", &PETER_LINE[..60], &PETER_LINE[60..]);
    for lines in [spoilt.clone(), format!("{spoilt}{PETER_LINE}"), format!("{PETER_LINE}{spoilt}")]
    {
        let note = note(&format!("{TEXT}\n{lines}"));
        assert_eq!(note.verify(&key(PETER)), Err(NoteError::Forged("PeterNeumann".to_owned())));
    }
    let repeated =
        note(&format!("{TEXT}\n{PETER_LINE}{PETER_LINE}{spoilt}{ENOCH_LINE}{ENOCH_LINE}"));
    assert_eq!(repeated.verify(&key(ENOCH)), Ok(None), "another's wrong one is no matter");
    let other_text = note(&format!("{}\n{PETER_LINE}", TEXT.replace("your", "my")));
    assert_eq!(other_text.verify(&key(PETER)), Err(NoteError::Forged("PeterNeumann".to_owned())));
}

#[test]
fn what_is_no_note_to_others_is_none_to_us() {
    let signature = PETER_LINE.trim_end();
    let many = PETER_LINE.repeat(101);
    let long = "x".repeat(100_000);
    for wrong in [
        String::new(),
        TEXT.to_owned(),
        format!("{TEXT}\n"),
        format!("{TEXT}\n{signature}"),
        format!("\u{1}{TEXT}\n{PETER_LINE}"),
        format!("{TEXT}\r\n{PETER_LINE}"),
        format!("{TEXT}\n{}", PETER_LINE.replace("PeterNeumann", "Bad Name")),
        format!("{TEXT}\n{}", PETER_LINE.replace("PeterNeumann", "Bad+Name")),
        format!("{TEXT}\n{}", PETER_LINE.replace("PeterNeumann", "Bad\u{2003}Name")),
        format!("{TEXT}\n{PETER_LINE}Unexpected line.\n"),
        format!("{TEXT}\n{}", PETER_LINE.replace('—', "-")),
        format!("{TEXT}\n{}", PETER_LINE.replace("— ", "—")),
        format!("{TEXT}\n{}", PETER_LINE.replace("AM=", "AM")),
        format!("{TEXT}\n— PeterNeumann x08gow==\n"),
        format!("{TEXT}\n— PeterNeumann \n"),
        format!("{TEXT}\n{many}"),
        format!("{long}\n\n{PETER_LINE}"),
    ] {
        let read = wrong.parse::<Note>();
        assert!(read.is_err(), "{:?}", &wrong[..wrong.len().min(400)]);
    }
    // A note is UTF-8 in our hands: other bytes are refused where they come in.
    let bytes = [b"\xff", format!("{TEXT}\n{PETER_LINE}").as_bytes()].concat();
    assert!(std::str::from_utf8(&bytes).is_err());
}

#[test]
fn what_is_a_note_to_others_is_one_to_us() {
    // C2SP: control characters are those below U+0020; at least 16 signatures; empty lines in the text.
    for right in [
        format!("\u{7f}{TEXT}\n{PETER_LINE}"),
        format!("{TEXT}\n{}", PETER_LINE.repeat(16)),
        format!("\n\n{TEXT}\n\n{PETER_LINE}"),
        format!("{TEXT}\n{}", PETER_LINE.replace("PeterNeumann", "péter/ñ.example")),
    ] {
        assert_eq!(note(&right).to_string(), right);
    }
}

#[test]
fn checkpoints_that_the_go_checksum_database_signed_are_verified() {
    for (published, size) in GO_SUM_NOTES.iter().zip([15_081_221, 63_096_908]) {
        let note = note(published);
        assert_eq!(note.verify(&key(GO_SUM)), Ok(None));
        let checkpoint: Checkpoint = note.text.parse().unwrap();
        assert_eq!((checkpoint.size, checkpoint.streams), (size, None));
        assert_eq!(checkpoint.origin, "go.sum database tree", "an origin may hold spaces");
        assert_eq!(checkpoint.to_string(), note.text);
    }
}

#[test]
fn a_log_of_others_extends_itself_by_its_published_proof() {
    let [old, new] = [MONKEYS_AT_5, MONKEYS_AT_8].map(|published| {
        let note = note(published);
        assert_eq!(note.verify(&key(MONKEYS)), Ok(None));
        note.text.parse::<Checkpoint>().unwrap()
    });
    let proof = MONKEYS_FROM_5_TO_8.map(|hash| STANDARD.decode(hash).unwrap().try_into().unwrap());
    let held = verify_consistency((old.size, &old.root), (new.size, &new.root), &proof);
    assert_eq!(held, Ok(()));
}

#[test]
fn the_examples_of_the_specifications_are_read_and_written_back() {
    for example in [QUASIMODO, SOFA] {
        assert_eq!(note(example).to_string(), example);
    }
    assert!(note(QUASIMODO).text.ends_with("\n\ned è subito sera.\n"), "the last blank line parts");
    let [log, witness]: [SignatureLine; 2] = note(SOFA).signatures.try_into().unwrap();
    assert_eq!((log.bytes.len(), witness.bytes.len()), (64, 72));
    assert_eq!(witness.bytes[..8], 1_679_315_147_u64.to_be_bytes(), "the time in the example");
    let checkpoint: Checkpoint = note(SOFA).text.parse().unwrap();
    assert_eq!((checkpoint.size, &*checkpoint.origin), (20_852_163, &*log.name));
}

#[test]
fn what_the_specification_calls_no_checkpoint_is_none() {
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    for right in [
        format!("a\n0\n{root}\n"),
        format!("a\n18446744073709551615\n{root}\n"),
        format!("a b+c\n1\n{root}\nan extension\nanother\n"),
    ] {
        assert!(right.parse::<Checkpoint>().is_ok(), "{right}");
    }
    for wrong in [
        String::new(),
        format!("a\n1\n{root}"),
        "a\n1\n".to_owned(),
        format!("\n1\n{root}\n"),
        format!("a\n01\n{root}\n"),
        format!("a\n+1\n{root}\n"),
        format!("a\n-1\n{root}\n"),
        format!("a\n 1\n{root}\n"),
        format!("a\n1 \n{root}\n"),
        format!("a\n18446744073709551616\n{root}\n"),
        format!("a\n1\n{}\n", &root[..43]),
        format!("a\n1\n{}\n", &root[4..]),
        format!("a\n1\n {root}\n"),
        format!("a\n1\n\n{root}\n"),
        format!("a\n1\n{root}\n\n"),
        format!("a\n1\n{root}\n\nmore\n"),
        format!("a\n1\n{root}\nsira.streams/v1 {root}\nsira.streams/v1 {root}\n"),
    ] {
        assert!(wrong.parse::<Checkpoint>().is_err(), "{wrong}");
    }
}
