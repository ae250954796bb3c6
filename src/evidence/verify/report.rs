//! What a check found.

use serde::Serialize;
use sira_domain::reference::Language;
use sira_numbers::Position;

use crate::evidence::Note;
use crate::evidence::merkle::Hash;

/// A kind of deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviationKind {
    /// No event stands at this position.
    Missing,
    /// The row cannot be read, or has not the form of an event.
    Unreadable,
    /// Contents and leaf hash do not agree.
    Altered,
    /// Contents and leaf hash agree, and the tree has another hash here.
    NotInTree,
    /// It was recorded before the event at the position before.
    Time,
    /// Its sequence does not follow in its stream.
    Sequence,
    /// It was no legal decision after its predecessors.
    Illegal,
    /// A tile of the tree is missing, or not that of the events.
    Tile,
    /// A stored checkpoint has another root than the events.
    Root,
    /// A stored checkpoint has another stream index than the events.
    StreamIndex,
    /// A stored checkpoint is none, of another log, or of another size than its row says.
    Checkpoint,
    /// A stored checkpoint is not signed by the log's key.
    Signature,
    /// A stored cosignature is not what it says.
    Cosignature,
    /// A stored checkpoint covers events that are not there.
    Beyond,
    /// A checkpoint that was kept elsewhere has another root than the events.
    Held,
    /// A checkpoint that was kept elsewhere covers events that are not there.
    HeldBeyond,
    /// A checkpoint that was kept elsewhere is not signed by the log's key.
    HeldSignature,
    /// No rightly signed checkpoint covers it, though one is signed within seconds: it proves nothing.
    Uncovered,
    /// The journal's head does not fit its last event.
    Head,
    /// A second name of a stream, as a person's reference, does not lead where its event says, or is of no event.
    Name,
    /// A guard of the tables is missing, switched off, changed, or somebody else's.
    Guard,
    /// The database finds that an index differs from its table, or that its file is damaged.
    Index,
    /// It was recorded at a time that is not yet, or the clock was ahead before it.
    Clock,
    /// A stored checkpoint says that it was signed before its last event, or after a later one.
    SignedAt,
    /// A frozen report is not of the event at its position, or its text has another hash.
    Report,
    /// What was answered to a request is of no event that is there.
    Request,
    /// The journal's signing keys are not those that the reader knows, or not introduced by one another.
    Key,
    /// A signing key was introduced by a recovery key that the key before had not named, or that was replaced.
    RecoveryKey,
}

impl DeviationKind {
    /// Whether it says of an event that it is not what was recorded.
    pub(super) const fn is_of_contents(self) -> bool {
        matches!(self, Self::Missing | Self::Unreadable | Self::Altered | Self::NotInTree)
    }

    /// What it means.
    #[must_use]
    pub const fn label(self, language: Language) -> &'static str {
        let (fr, en) = match self {
            Self::Missing => ("aucun événement à cette position", "no event at this position"),
            Self::Unreadable => ("ligne illisible", "unreadable row"),
            Self::Altered => {
                ("contenu et empreinte ne concordent pas", "contents and leaf hash disagree")
            }
            Self::NotInTree => {
                ("ce n'est pas l'événement de l'arbre", "not the event that the tree has")
            }
            Self::Time => ("enregistré avant le précédent", "recorded before the one before"),
            Self::Sequence => ("ne suit pas dans son flux", "does not follow in its stream"),
            Self::Illegal => {
                ("décision que les règles interdisaient", "a decision that the rules forbade")
            }
            Self::Tile => ("tuile absente ou fausse", "tile missing or wrong"),
            Self::Root => ("point de contrôle d'un autre journal", "checkpoint of another history"),
            Self::StreamIndex => (
                "point de contrôle d'un autre index des flux",
                "checkpoint of another stream index",
            ),
            Self::Checkpoint => ("point de contrôle mal formé", "malformed checkpoint"),
            Self::Signature => ("point de contrôle mal signé", "checkpoint not signed by the log"),
            Self::Cosignature => ("signature de témoin fausse", "false cosignature"),
            Self::Beyond => {
                ("point de contrôle d'événements absents", "checkpoint of events that are missing")
            }
            Self::Held => (
                "l'histoire a été réécrite depuis le point de contrôle gardé",
                "history was rewritten since the checkpoint that was kept",
            ),
            Self::HeldBeyond => (
                "des événements du point de contrôle gardé manquent",
                "events of the checkpoint that was kept are missing",
            ),
            Self::HeldSignature => (
                "le point de contrôle gardé n'est pas signé par ce journal",
                "the checkpoint that was kept is not signed by this log",
            ),
            Self::Uncovered => {
                ("couvert par aucun point de contrôle signé", "covered by no signed checkpoint")
            }
            Self::Head => (
                "la tête du journal ne suit pas son dernier événement",
                "the journal's head does not fit its last event",
            ),
            Self::Name => (
                "référence ou code qui ne mène pas où dit son événement",
                "a reference or code that does not lead where its event says",
            ),
            Self::Guard => (
                "protection des tables absente, changée ou étrangère",
                "a guard of the tables is missing, changed or foreign",
            ),
            Self::Index => {
                ("un index ne concorde pas avec sa table", "an index does not agree with its table")
            }
            Self::Clock => ("l'horloge était en avance", "the clock was ahead"),
            Self::SignedAt => (
                "heure de signature impossible pour ce point de contrôle",
                "a checkpoint that cannot have been signed at its time",
            ),
            Self::Report => (
                "rapport figé qui n'est pas de cet événement",
                "a frozen report that is not of this event",
            ),
            Self::Request => {
                ("réponse gardée qui n'est d'aucun événement", "a kept answer that is of no event")
            }
            Self::Key => ("clé de signature étrangère", "foreign signing key"),
            Self::RecoveryKey => (
                "clé de signature présentée par une clé de secours qui ne vaut pas",
                "signing key introduced by a recovery key that does not stand",
            ),
        };
        match language {
            Language::Fr => fr,
            Language::En => en,
        }
    }
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deviation {
    /// Where: the event's position, or the checkpoint's size; none for what has no place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// What.
    pub kind: DeviationKind,
    /// Last position of a run of the same, when it is longer than one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Position>,
    /// More about it: never anything personal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Deviation {
    /// At a position.
    #[must_use]
    pub const fn at(position: Position, kind: DeviationKind) -> Self {
        Self { position: Some(position), kind, to: None, detail: None }
    }

    /// At a checkpoint of a size, which covers the events up to that position.
    #[must_use]
    pub const fn at_size(size: u64, kind: DeviationKind) -> Self {
        Self::at(Position::of_count(size), kind)
    }

    /// Of the journal as a whole.
    #[must_use]
    pub const fn of(kind: DeviationKind) -> Self {
        Self { position: None, kind, to: None, detail: None }
    }

    /// With more about it.
    #[must_use]
    pub fn because(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }
}

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct CheckReport {
    /// Events in the journal.
    pub events: u64,
    /// Streams.
    pub streams: u64,
    /// Stored checkpoints that were checked.
    pub checkpoints: u64,
    /// Events that a rightly signed checkpoint covers: of later ones nobody can prove anything.
    pub covered: u64,
    /// That checkpoint.
    pub newest: Option<Note>,
    /// The root of the tree of all events.
    pub root: Hash,
    /// Everything that is not as it should be, by position.
    pub deviations: Vec<Deviation>,
    /// What could not be looked at.
    pub notes: Vec<CheckNote>,
}

/// What a check could not look at: no deviation, and not to be passed over in silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum CheckNote {
    /// The server cannot compare its indexes with their tables.
    IndexesNotCompared {
        /// What a database administrator would run, so that it can.
        run: &'static str,
    },
}

impl CheckNote {
    /// What it means.
    #[must_use]
    pub fn told(self, language: Language) -> String {
        let Self::IndexesNotCompared { run } = self;
        match language {
            Language::Fr => format!(
                "Les index n'ont pas été comparés à leurs tables : le serveur ne le permet pas ({run})."
            ),
            Language::En => format!(
                "The indexes were not compared with their tables: the server does not allow it ({run})."
            ),
        }
    }
}

impl CheckReport {
    /// Whether everything is as it should be.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.deviations.is_empty()
    }

    pub(super) fn illegal(&mut self, found: Vec<Deviation>) {
        // An event that is known not to be what it was needs no second verdict.
        let known: Vec<(Position, Position)> = self
            .deviations
            .iter()
            .filter(|one| one.kind.is_of_contents())
            .filter_map(|one| Some((one.position?, one.to.or(one.position)?)))
            .collect();
        let is_known = |position| known.iter().any(|(from, to)| (*from..=*to).contains(&position));
        let is_new = |one: &Deviation| one.position.is_none_or(|position| !is_known(position));
        self.deviations.extend(found.into_iter().filter(is_new));
    }
}
