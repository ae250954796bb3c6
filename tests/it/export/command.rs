//! `sira export` as it is typed.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};
use sira::formats::Format;
use sira_projections::table::Table;

use super::read_back::read_back;
use super::town::town;
use crate::api::app::TestApp;
use crate::on_both_engines;
use crate::support::{Engine, program};

fn sira(engine: &Engine, words: &str, output: &Path) -> Output {
    run(engine, &format!("export {words} -o {}", output.display()))
}

/// Runs the program on a test's databases, as it is typed.
pub fn run(engine: &Engine, words: &str) -> Output {
    program::sira(engine, &words.split(' ').collect::<Vec<_>>())
}

fn done(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The status, and what was said.
fn refused(output: &Output) -> (i32, String) {
    assert!(output.stdout.is_empty());
    (output.status.code().unwrap(), String::from_utf8(output.stderr.clone()).unwrap())
}

on_both_engines! {
    async fn a_file_is_written_with_what_describes_it_beside(engine) {
        let app = TestApp::on(engine).await;
        let town = town(&app).await;
        let head = app.commands.journal().head().await.unwrap().position;
        let file = engine.folder().join("parcours.csv");
        done(&sira(engine, "case_status --format csv", &file));
        let read = read_back(Format::Csv, std::fs::read(&file).unwrap());
        assert_eq!(read.headings[0], "Parcours", "French unless another language is asked for");
        assert_eq!(read.rows.len(), town.people.len());
        let beside = engine.folder().join("parcours.csv-metadata.json");
        let beside: Value = serde_json::from_slice(&std::fs::read(beside).unwrap()).unwrap();
        assert_eq!(beside["url"], json!("parcours.csv"));
        let told = json!({ "schema:name": "position", "schema:value": head.to_string() });
        assert!(beside["schema:additionalProperty"].as_array().unwrap().contains(&told));
        done(&sira(engine, "case_status --format csv --lang en", &file));
        let read = read_back(Format::Csv, std::fs::read(&file).unwrap());
        assert_eq!(read.headings[0], "aggregate_id");
    }

    async fn standard_output_takes_every_format(engine) {
        let app = TestApp::on(engine).await;
        let town = town(&app).await;
        for format in Format::ALL {
            let words = format!("case_status --lang en --format {}", format.extension());
            let output = sira(engine, &words, Path::new("-"));
            done(&output);
            assert_eq!(read_back(format, output.stdout).rows.len(), town.people.len());
        }
        for words in ["events --format cloudevents", "paths --format ocel", "paths --format xes"] {
            let output = sira(engine, words, Path::new("-"));
            done(&output);
            assert!(output.stdout.len() > 1_000, "{words}");
        }
    }

    async fn a_read_model_that_was_never_built_says_so(engine) {
        engine.journal().await;
        let file = engine.folder().join("file");
        let (status, said) = refused(&sira(engine, "visits --format csv --lang en", &file));
        assert_eq!(status, 3);
        assert!(said.contains("no read model is built here: run `sira projections rebuild`"), "{said}");
        assert!(!file.exists());
        // What it then asks for works, though there was no table before.
        done(&run(engine, "projections rebuild"));
        done(&sira(engine, "visits --format csv --lang en", &file));
        let read = read_back(Format::Csv, std::fs::read(&file).unwrap());
        assert_eq!((read.headings[0].as_str(), read.rows.len()), ("since_position", 0));
    }

    async fn what_does_not_fit_is_refused_and_leaves_no_file(engine) {
        let app = TestApp::on(engine).await;
        town(&app).await;
        let folder = engine.folder().join("out");
        std::fs::create_dir(&folder).unwrap();
        let file = folder.join("file");
        let cases = [
            ("no_such_table --format csv", "case_status"),
            ("case_status --format ocel", "json, csv, parquet, xlsx"),
            ("events --format xlsx", "cloudevents, parquet, csv"),
            ("paths --format csv", "ocel, xes"),
            ("activity_log --format csv", "--with-identity"),
            ("case_advisers --format csv", "--with-identity"),
            ("case_identity --format csv", "case_status"),
            ("case_status --format csv --as-of-position 1", "présent"),
            ("visits --format csv --as-of-position 999999", "999999"),
            ("events --format csv --as-of-position 999999", "999999"),
            ("events --format csv --every-version", "--every-version"),
        ];
        for (words, told) in cases {
            let (status, said) = refused(&sira(engine, words, &file));
            assert_eq!(status, 2, "{words}: {said}");
            assert!(said.contains(told), "{words}: {said}");
        }
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
        done(&sira(engine, "activity_log --format csv --with-identity", &file));
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains("staff-") && !text.contains("zoumana"));
        let (status, _) = refused(&sira(engine, "case_status --format csv", Path::new("/no/such/folder/file")));
        assert_eq!(status, 3);
        assert!(Table::named("case_identity").is_none());
    }
}
