//! The port between an aggregate of the domain and the door: each of the four kinds of stream is
//! loaded, kept, decided on and named through it, here and over HTTP.

mod allowed;
mod command;
mod kinds;

use cqrs_es::DomainEvent;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sira_domain::catalogue::CommandEntry;
use sira_domain::context::Context;
use sira_domain::jurisdiction::{Ground, Jurisdiction};
use sira_domain::programme::Programme;
use sira_domain::refusal::Refusal;
use sira_numbers::Version;
use uuid::Uuid;

pub use allowed::AllowedCommand;
pub(super) use command::parse;

use super::cache::StreamCache;
use super::guards::GuardedStreams;
use super::path::SealFault;
use super::{Call, CommandError, Commands, Door};
use crate::grant::Scope;
use crate::journal::{Guard, StreamId};

/// A command as it was read from a body; none when no command has the word.
pub type Parsed<C> = Option<Result<C, serde_path_to_error::Error<serde_json::Error>>>;

/// A kind of stream, with its commands and its events.
pub trait Aggregate: Clone + Default + Send + Sync + 'static {
    /// The type's name in the journal.
    const TYPE: &'static str;
    /// Its commands, as outside callers know them.
    const COMMANDS: &'static [CommandEntry];
    /// The word of the command that begins a stream.
    const FIRST: &'static str;
    /// Its commands, as the domain knows them.
    type Command: Clone + Send + Sync + 'static;
    /// Its events, as they are stored.
    type Event: DomainEvent + Serialize + DeserializeOwned + Send + Sync;

    /// Takes the next event in.
    fn take(&mut self, event: Self::Event);

    /// Sequence of the last event; 0 before the first.
    fn version(&self) -> Version;

    /// Reads a command of this kind from its body.
    fn parse(word: &str, body: Value) -> Parsed<Self::Command>;

    /// Takes a command to events; none when it has already happened.
    ///
    /// # Errors
    /// The rule that forbids it.
    fn decide(
        &self,
        command: Self::Command,
        context: &Context,
    ) -> Result<Vec<Self::Event>, Refusal>;

    /// Asks whether a command may be given now, whatever its body says: [`Aggregate::decide`] asks this
    /// first.
    ///
    /// # Errors
    /// The rule that forbids it.
    fn gate(&self, word: &str, context: &Context) -> Result<(), Refusal>;

    /// The programme whose rules the stream is under; none before it has begun, and for a programme
    /// itself.
    fn programme(&self) -> Option<Uuid>;

    /// The programme that a command names for the stream that it begins.
    fn named_programme(command: &Self::Command) -> Option<Uuid>;

    /// The second name that a command gives the stream, which the journal keeps unique.
    fn alias(command: &Self::Command) -> Option<String>;

    /// Whether one of the stream's own events gave it this second name. The journal's table of second names is
    /// made beside the events; what it says is believed of a stream that says so itself.
    fn bears(&self, alias: &str) -> bool;

    /// Whether a caller's scope lets them see the stream, once it has begun.
    fn is_within(&self, id: Uuid, scope: &Scope, programme: &Programme) -> bool;

    /// The ground that a command is given on, where the command says it and not the stream alone: a
    /// caller's scope must hold it. None where [`Aggregate::is_within`] says all.
    fn ground(&self, id: Uuid, command: &Self::Command, programme: &Programme) -> Option<Ground>;

    /// The ground of a command, where the stream alone says it.
    fn standing_ground(&self, entry: &CommandEntry, _: &Programme) -> Option<Ground> {
        (entry.jurisdiction == Jurisdiction::Everywhere).then_some(Ground::Everywhere)
    }

    /// Checks the people whom a command to this stream names, whose paths are other streams, and completes the
    /// command with what it rests on; the paths that must still stand so when it is appended. Most name nobody.
    ///
    /// # Errors
    /// The rule that forbids it.
    #[must_use]
    fn know_people(
        _: &Commands,
        _: &Self,
        _: (Uuid, &mut Self::Command),
        _: &Call,
    ) -> impl Future<Output = Result<Vec<Guard>, CommandError>> + Send {
        async { Ok(Vec::new()) }
    }

    /// Seals the texts of a body that are stored sealed. Paths do it on their own way, which has their keys at
    /// hand; most other kinds have no such text.
    ///
    /// # Errors
    /// What is wrong with the text, or the key store's failure.
    #[must_use]
    fn seal(
        _: &Commands,
        _: Uuid,
        _: &CommandEntry,
        _: &mut Map<String, Value>,
    ) -> impl Future<Output = Result<(), SealFault>> + Send {
        async { Ok(()) }
    }

    /// What is left to do once a command is recorded. A retry, which finds it recorded, does it again.
    ///
    /// # Errors
    /// When a store cannot be reached; the command stays recorded.
    #[must_use]
    fn complete(
        _: &Commands,
        _: Uuid,
        _: &CommandEntry,
    ) -> impl Future<Output = Result<(), CommandError>> + Send {
        async { Ok(()) }
    }

    /// The cache of its recent states.
    fn cache(door: &Door) -> &StreamCache<Self>;

    /// The guards that are asked under the journal's lock, where other streams' commands write to
    /// streams of this kind too.
    fn guards(door: &Door) -> Option<&GuardedStreams<Self>>;
}

/// The id of a stream of kind `A`.
#[must_use]
pub fn stream_id<A: Aggregate>(id: Uuid) -> StreamId {
    StreamId { aggregate_type: A::TYPE.into(), aggregate_id: id }
}
