//! The data dictionary, `docs/data-dictionary.md`: the tables, the indicators, and what exports have
//! beside them, each from its definition.

use std::fmt::Write as _;

use sira_domain::reference::Language;
use sira_projections::analytics::definitions_md;
use sira_projections::table::dictionary_md;

use super::events;
use super::mining::vocabulary::{
    COMMON, Field, OBJECT_FIELDS, OBJECT_TYPES, Of, event_types, fields,
};

/// What comes before the definitions.
const HEAD: &str = "\
# Data dictionary

Generated from the definitions in the code; not to be edited. A test compares it with them, and
`SIRA_WRITE=1 cargo test --test it dictionary` writes it anew.

Names, codes and units are the same in the read database, in analytics and in exports. Ids are UUIDs
as text. Days are days in the field; moments are UTC, to the microsecond. Amounts are whole francs
(XOF has no smaller unit). Nothing here names a person: who somebody is stands sealed in
`identity.case_identity`, which is neither exported nor open to analysts.

Two times run through all of it. *Occurred* is when something happened; *recorded* is when it became
known, and a position in the journal is such a moment. A table of which every row ever told is kept has
`since_position` and `until_position`: the rows that stood at position *p* are those with
`since_position <= p` and `until_position` empty or above *p*; those that stand now have it empty.

On PostgreSQL auditors read these tables in schema `audit`, as they are here, and the events in
`audit.events`. Analysts read them in schema `read`: the rows that stand, without those of erased
people, and of each column what the last one below says. `person` is a surrogate of `aggregate_id`, the
same in every table and of no use elsewhere; `number` counts a person's rows in a table that would have
no key without it; days are the first of their month; an office of fewer than five people is its region.
`read.dim_*` say what codes mean, in French and English, regions with their dates; `read.figures` holds
published figures. Every view and column there says in its comment what it is.

These rows are pseudonymous, not anonymous. Of the people of the invented programme so many are alone in what is listed,
as it is stored and as analysts see it (`SIRA_UNIQUENESS_CASES=3000 cargo test --test it fewer_people_are_alone -- --nocapture`):

| people | office, birth, sex, disability, displacement | office, birth, sex, day of registration |
| ---: | --- | --- |
| 300 | 66.7 % stored, 22.7 % seen | 100 %, 94.0 % |
| 3,000 | 19.1 %, 5.0 % | 99.5 %, 58.9 % |
| 40,000 | 3.0 %, 0.3 % | 94.4 %, 3.9 % |

In a programme of some hundred people nearly everybody is alone in something: there, give analysts figures, not rows.

";

/// The whole document.
#[must_use]
pub fn data_dictionary() -> String {
    let mut out = HEAD.to_owned();
    out.push_str(&under_chapter("Tables", &dictionary_md()));
    out.push_str(definitions_md().trim());
    out.push_str("\n\n");
    write_exports(&mut out);
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// A part under a heading of its own, its headings one level lower than they came.
fn under_chapter(title: &str, part: &str) -> String {
    let lower =
        |line: &str| if line.starts_with('#') { format!("#{line}") } else { line.to_owned() };
    let lines: Vec<_> = part.trim().lines().map(lower).collect();
    format!("## {title}\n\n{}\n\n", lines.join("\n"))
}

fn write_exports(out: &mut String) {
    out.push_str(
        "## The event log as a file\n\n`sira export events`; as CloudEvents the columns are \
         attributes, and `data` is the payload.\n\n| column | type | heading in French |\n\
         | --- | --- | --- |\n",
    );
    for column in events::columns() {
        let _ = writeln!(out, "| `{}` | {} | {} |", column.name, column.kind.word(), column.fr);
    }
    out.push_str(
        "\n## The paths for process mining\n\n`sira export paths`. An event's time is its day in the \
         field, with its position in microseconds as the time of day, which keeps the order of one \
         day's facts.\n\n| object | attributes |\n| --- | --- |\n",
    );
    for (name, fields) in OBJECT_TYPES.iter().zip(OBJECT_FIELDS) {
        let _ = writeln!(out, "| `{name}` | {} |", listed(fields));
    }
    out.push_str(
        "\nA path that is frozen since its person continues under another one is a case of its own: its object \
         `continues as` the other, which `continues from` it, and its trace has the attribute `continues_as`. Who counts \
         people leaves out those that have it. (Un parcours gelé reste un cas à part, qui nomme celui sous lequel la \
         personne continue ; qui compte des personnes l'écarte.)\n",
    );
    let _ = write!(
        out,
        "\nEvery event has {}; its type's own attributes are:\n\n| event | | attributes |\n\
         | --- | --- | --- |\n",
        listed(COMMON)
    );
    for ((name, en), (_, fr)) in event_types(Language::En).zip(event_types(Language::Fr)) {
        let _ = writeln!(out, "| `{name}` | {en} ({fr}) | {} |", listed(fields(name)));
    }
}

fn listed(fields: &[Field]) -> String {
    let word = |of| match of {
        Of::Text => "text",
        Of::Int => "integer",
        Of::Flag => "boolean",
        Of::Time => "time",
    };
    let fields = fields.iter().map(|(name, of)| format!("`{name}` ({})", word(*of)));
    fields.collect::<Vec<_>>().join(", ")
}
