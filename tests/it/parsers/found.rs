//! What fuzzing and reading have found: each once made a reader panic, or read what it must not.

use super::properties;

#[test]
fn a_bundle_whose_sequences_are_at_their_end_comes_to_a_verdict() {
    for bundle in super::bundles() {
        properties::bundle(bundle.as_bytes());
    }
}

#[test]
fn a_year_before_the_first_is_a_wrong_column_of_an_import() {
    let [map] = super::import_maps().try_into().unwrap();
    properties::import_map(&map, "-9223372036854775808");
    properties::import_map(&map.replace("1976", "-9223372036854775808"), "37");
}

#[test]
fn a_delimiter_of_two_bytes_is_none() {
    let [map] = super::import_maps().try_into().unwrap();
    properties::import_map(&map.replace("\";\"", "\"é\""), "1");
}

#[test]
fn an_entity_tag_with_a_sign_or_a_zero_before_is_none() {
    for text in ["\"+5\"", "\"05\"", "\"-0\"", "\"\""] {
        properties::etag(text);
    }
}

#[test]
fn entity_tags_that_grow_too_long_when_written_are_no_longer_read() {
    properties::etag(&"\"\",".repeat(300));
    properties::etag(&"\"5\",".repeat(255));
}
