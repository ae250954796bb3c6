//! In what two readings of a stream differ.

use serde::Serialize;
use sira_domain::reference::Language;
use sira_numbers::Version;

use super::Listed;
use super::stream::Reading;

/// A kind of difference between what the server and the second reader make of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DifferenceKind {
    /// The second reader finds events of it, the server none.
    OnlySecond,
    /// The server finds events of it, the second reader none.
    OnlyServer,
    /// The second reader cannot read an event of it.
    UnreadBySecond,
    /// The server cannot read an event of it.
    UnreadByServer,
    /// Neither can read it.
    Unreadable,
    /// They stand at different versions.
    Version {
        /// The server's.
        server: Version,
        /// The second reader's.
        second: Version,
    },
    /// They stand at one version and in different states.
    State {
        /// The version.
        version: Version,
    },
    /// It is of a type that no aggregate has.
    UnknownType,
}

impl DifferenceKind {
    /// What it means.
    #[must_use]
    pub fn label(self, language: Language) -> String {
        let (fr, en) = match self {
            Self::OnlySecond => {
                ("vu du second lecteur seulement", "seen by the second reader alone")
            }
            Self::OnlyServer => ("vu du serveur seulement", "seen by the server alone"),
            Self::UnreadBySecond => {
                ("illisible pour le second lecteur", "unreadable to the second reader")
            }
            Self::UnreadByServer => ("illisible pour le serveur", "unreadable to the server"),
            Self::Unreadable => ("illisible pour les deux", "unreadable to both"),
            Self::Version { server, second } => {
                return match language {
                    Language::Fr => {
                        format!("version {server} pour le serveur, {second} pour le second lecteur")
                    }
                    Language::En => {
                        format!("version {server} to the server, {second} to the second reader")
                    }
                };
            }
            Self::State { version } => {
                return match language {
                    Language::Fr => format!("états différents à la version {version}"),
                    Language::En => format!("different states at version {version}"),
                };
            }
            Self::UnknownType => {
                ("d'un type qu'aucun agrégat ne porte", "of a type that no aggregate has")
            }
        };
        match language {
            Language::Fr => fr,
            Language::En => en,
        }
        .to_owned()
    }
}

/// A stream that the two readers do not have alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The stream, as `type/id`; whatever stands in the columns.
    pub stream: String,
    /// In what it differs.
    #[serde(flatten)]
    pub kind: DifferenceKind,
}

impl Difference {
    pub(super) fn of(listed: &Listed, kind: DifferenceKind) -> Self {
        let Listed { aggregate_type, aggregate_id, .. } = listed;
        Self { stream: format!("{aggregate_type}/{aggregate_id}"), kind }
    }
}

/// Compares two readings of one stream.
pub(super) fn differ(server: &Reading, second: &Reading) -> Option<DifferenceKind> {
    match (server, second) {
        (Reading::Unreadable, Reading::Unreadable) => Some(DifferenceKind::Unreadable),
        (Reading::Unreadable, _) => Some(DifferenceKind::UnreadByServer),
        (_, Reading::Unreadable) => Some(DifferenceKind::UnreadBySecond),
        // Whatever was listed is gone again for both.
        (Reading::Nothing, Reading::Nothing) => None,
        (Reading::Nothing, _) => Some(DifferenceKind::OnlySecond),
        (_, Reading::Nothing) => Some(DifferenceKind::OnlyServer),
        (
            Reading::State { version: server, state: ours },
            Reading::State { version: second, state: theirs },
        ) => {
            if server != second {
                return Some(DifferenceKind::Version { server: *server, second: *second });
            }
            (ours != theirs).then_some(DifferenceKind::State { version: *server })
        }
    }
}
