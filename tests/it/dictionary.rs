//! The data dictionary is what the definitions say.

use std::path::Path;

use sira::export::data_dictionary;
use sira_projections::table::{Realm, TABLES};

#[test]
fn the_data_dictionary_is_that_of_the_definitions() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/data-dictionary.md");
    let generated = data_dictionary();
    if std::env::var_os("SIRA_WRITE").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differing = kept.lines().zip(generated.lines()).find(|(kept, own)| kept != own);
    assert!(
        kept == generated,
        "docs/data-dictionary.md is not what the definitions say ({differing:?}): \
         SIRA_WRITE=1 cargo test --test it dictionary"
    );
}

#[test]
fn every_column_is_explained_in_both_languages_and_no_table_is_broken() {
    let text = data_dictionary();
    for table in TABLES {
        let schema = if table.realm == Realm::Read { "read" } else { table.realm.schema() };
        assert!(text.contains(&format!("### {schema}.{}\n", table.name)));
        for column in table.all_columns() {
            assert!(
                !column.about.is_empty() && !column.fr.is_empty(),
                "{} {}",
                table.name,
                column.name
            );
        }
    }
    let mut cells = None;
    for line in text.lines() {
        if !line.starts_with('|') {
            cells = None;
            continue;
        }
        let here = line.matches('|').count();
        assert_eq!(*cells.get_or_insert(here), here, "{line}");
    }
    // One title, and no level left out.
    let levels = text.lines().filter(|line| line.starts_with('#'));
    let levels: Vec<usize> =
        levels.map(|line| line.chars().take_while(|one| *one == '#').count()).collect();
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1);
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
}
