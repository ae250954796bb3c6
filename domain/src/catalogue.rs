//! The catalogue of commands: one table that the router, the OpenAPI document, the authorisation
//! and the tests read.

use schemars::{Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::jurisdiction::Jurisdiction;
use crate::role::Role;

/// A type of fact: its name in the journal, the version of its stored form, and what it is called in
/// French and in English.
pub type FactEntry = (&'static str, &'static str, &'static str, &'static str);

/// A kind of stream, for whoever goes over all of them: see [`crate::STREAM_KINDS`].
#[derive(Clone, Copy, Debug)]
pub struct StreamKind {
    /// The type's name in the journal.
    pub name: &'static str,
    /// Its commands, the one that begins a stream first.
    pub commands: &'static [CommandEntry],
    /// Its types of fact.
    pub facts: &'static [FactEntry],
    /// Reads an event in the present form of its type, and writes it as it is stored. Fails when it
    /// cannot be read.
    pub rewrite: fn(&str) -> serde_json::Result<String>,
}

impl StreamKind {
    /// The kind of stream whose events are of type `E`.
    pub(crate) const fn of<E: Serialize + DeserializeOwned>(
        name: &'static str,
        commands: &'static [CommandEntry],
        facts: &'static [FactEntry],
    ) -> Self {
        Self { name, commands, facts, rewrite: rewrite::<E> }
    }
}

fn rewrite<E: Serialize + DeserializeOwned>(stored: &str) -> serde_json::Result<String> {
    serde_json::from_str::<E>(stored).and_then(|event| serde_json::to_string(&event))
}

/// One command, as outside callers know it.
#[derive(Clone, Copy, Debug)]
pub struct CommandEntry {
    /// The word in the route.
    pub word: &'static str,
    /// The stage it belongs to, for the reader; `any` for those of every stage.
    pub stage: &'static str,
    /// The roles that may use it.
    pub roles: &'static [Role],
    /// Where it may be given from: what the caller's scope must hold.
    pub jurisdiction: Jurisdiction,
    /// Fields that hold free text, sealed under the person's key before the domain sees them.
    pub sealed: &'static [&'static str],
    /// A sentence in French on what it does.
    pub about_fr: &'static str,
    /// A sentence in English on what it does.
    pub about_en: &'static str,
    /// The JSON Schema of its body.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

/// Declares a command enum with its table: variant, body, route word, stage, roles, jurisdiction, sealed
/// fields,
/// and what it does in French and English.
macro_rules! commands {
    (
        $(#[$doc:meta])* $name:ident, $verb:ident, $table:ident;
        $($variant:ident($body:ty) $word:literal $stage:literal [$($role:ident),*] $jurisdiction:ident sealed[$($field:literal),*]
            $fr:literal, $en:literal;)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name { $(#[doc = $en] $variant($body),)* }

        #[doc = concat!("A [`", stringify!($name), "`] by its name alone, without a body.")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $verb { $(#[doc = $en] $variant,)* }

        impl $verb {
            /// The command of a route word; none for a word that is no command here.
            #[must_use]
            pub fn of(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl $name {
            /// The command's name alone.
            #[must_use]
            pub const fn verb(&self) -> $verb {
                match self { $(Self::$variant(_) => $verb::$variant,)* }
            }

            /// The command of a route word, from its JSON body; `None` for an unknown word.
            ///
            /// # Errors
            /// Inside, when the body does not have the command's form: with the path of the field.
            #[must_use]
            pub fn parse(
                word: &str,
                body: serde_json::Value,
            ) -> Option<Result<Self, serde_path_to_error::Error<serde_json::Error>>> {
                Some(match word {
                    $($word => serde_path_to_error::deserialize(body).map(Self::$variant),)*
                    _ => return None,
                })
            }

            /// The word in the route.
            #[must_use]
            pub const fn word(&self) -> &'static str {
                match self { $(Self::$variant(_) => $word,)* }
            }
        }

        /// Every command, in the order of the path.
        pub const $table: &[$crate::catalogue::CommandEntry] = &[$($crate::catalogue::CommandEntry {
            word: $word,
            stage: $stage,
            roles: &[$($crate::role::Role::$role),*],
            jurisdiction: $crate::jurisdiction::Jurisdiction::$jurisdiction,
            sealed: &[$($field),*],
            about_fr: $fr,
            about_en: $en,
            schema: |generator| generator.subschema_for::<$body>(),
        },)*];
    };
}
pub(crate) use commands;
