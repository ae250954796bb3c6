//! One declaration makes a table: the struct of its rows, its columns, the statements that make it, and
//! its entry in the data dictionary.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use sira_domain::values::{SignedXof, Xof};
use sira_numbers::{Position, Sequence, Version};
use uuid::Uuid;

use super::definition::{Column, Kind};

/// A code or a word of a row.
pub type Word = Cow<'static, str>;

/// What a column of a row's field is like: its kind, whether it may be empty, and its unit where the type
/// says it.
pub(crate) trait Stored {
    const KIND: Kind;
    const OPTIONAL: bool = false;
    const UNIT: &'static str = "";
}

macro_rules! stored {
    ($($type:ty => $kind:ident $(, $unit:literal)?;)*) => {
        $(impl Stored for $type {
            const KIND: Kind = Kind::$kind;
            $(const UNIT: &'static str = $unit;)?
        })*
    };
}

stored! {
    Uuid => Id;
    Word => Text;
    u32 => Int;
    Position => Int;
    Sequence => Int;
    Version => Int;
    i64 => Int;
    bool => Flag;
    NaiveDate => Date;
    DateTime<Utc> => Time;
    Xof => Int, "XOF";
    SignedXof => Int, "XOF";
}

impl<T: Stored> Stored for Option<T> {
    const KIND: Kind = T::KIND;
    const OPTIONAL: bool = true;
    const UNIT: &'static str = T::UNIT;
}

/// What a column means.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meaning {
    pub unit: &'static str,
    pub fr: &'static str,
    pub about: &'static str,
}

/// A column's heading in French, and what it means.
pub(crate) const fn means(fr: &'static str, about: &'static str) -> Meaning {
    Meaning { unit: "", fr, about }
}

impl Meaning {
    /// The same, with a unit that its type does not say.
    pub const fn of(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }
}

/// The struct of some columns, in their order, and what is known of each.
macro_rules! columns {
    ($(#[$about:meta])* $row:ident as $columns:ident { $($name:ident: $type:ty = $meaning:expr;)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug)]
        pub(crate) struct $row { $(pub $name: $type,)* }

        pub(crate) const $columns: &[$crate::table::definition::Column] = &[$({
            let meaning: $crate::table::define::Meaning = $meaning;
            let unit = <$type as $crate::table::define::Stored>::UNIT;
            $crate::table::definition::Column {
                name: stringify!($name),
                kind: <$type as $crate::table::define::Stored>::KIND,
                optional: <$type as $crate::table::define::Stored>::OPTIONAL,
                unit: if meaning.unit.is_empty() { unit } else { meaning.unit },
                fr: meaning.fr,
                about: meaning.about,
            }
        },)*];

        impl $row {
            /// Its values, in the order of the columns.
            pub(crate) fn cells(self) -> impl Iterator<Item = $crate::table::Cell> {
                [$($crate::table::Cell::from(self.$name),)*].into_iter()
            }
        }
    };
}
pub(crate) use columns;

/// A table and the struct of its rows. With `broken down`, the columns that figures are broken down by
/// come after its own.
macro_rules! table {
    (
        $id:ident $(($broken:ident down))?, $label:literal of $projection:literal,
        $realm:ident, $keeping:expr, key [$($key:literal),*],
        $about:literal, $about_fr:literal,
        indexes [$($index:literal),* $(,)?],
        $(#[$doc:meta])*
        $row:ident { $($columns:tt)* }
    ) => {
        $crate::table::define::columns! { $(#[$doc])* $row as COLUMNS { $($columns)* } }

        impl $crate::table::TableRow for $row {
            const TABLE: $crate::table::TableId = $crate::table::TableId::$id;

            fn cells(self) -> impl Iterator<Item = $crate::table::Cell> {
                Self::cells(self)
            }
        }

        pub(crate) const TABLE: $crate::table::definition::Table = $crate::table::definition::Table {
            id: $crate::table::TableId::$id,
            name: $label,
            projection: $projection,
            realm: $crate::table::definition::Realm::$realm,
            keeping: $keeping,
            key: &[$($key),*],
            about: $about,
            about_fr: $about_fr,
            columns: $crate::table::define::all_columns!($($broken)?),
            indexes: &[$($index),*],
        };
    };
}
pub(crate) use table;

/// The columns of a table: its own, then those that figures are broken down by where it has them.
macro_rules! all_columns {
    () => {
        COLUMNS
    };
    (broken) => {{
        use $crate::table::{Column, define::joined, tables::breakdown::BREAKDOWN};
        const ALL: [Column; COLUMNS.len() + BREAKDOWN.len()] = joined(COLUMNS, BREAKDOWN);
        &ALL
    }};
}
pub(crate) use all_columns;

/// Some columns, then others.
pub(crate) const fn joined<const N: usize>(own: &[Column], more: &[Column]) -> [Column; N] {
    let mut all = [own[0]; N];
    let mut place = 0;
    while place < N {
        all[place] = if place < own.len() { own[place] } else { more[place - own.len()] };
        place += 1;
    }
    all
}
