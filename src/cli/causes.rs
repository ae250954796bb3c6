//! What went wrong, in the reader's language: the errors of ours that whoever runs the program can act on.
//! What a library or a database said stays as it said it.

use std::error::Error;
use std::io::ErrorKind;

use sira_domain::reference::Language;

use crate::evidence::bundle::BundleFault;
use crate::evidence::witness::WitnessError;
use crate::evidence::{EvidenceError, NoteError};
use crate::figures::{BadParameter, BadParameters, Fault};
use crate::files::ExposedFile;
use crate::import::{ImportError, MapError, STEPS_MAX};
use crate::journal::JournalError;
use crate::keys::KeysError;
use crate::say::Say;
use crate::token::TokenError;

/// Where it failed, in French, for the words that stand before a cause.
const PLACES: &[(&str, &str)] = &[
    ("activity", "activité"),
    ("activity_log", "journal d'activité"),
    ("data directory", "dossier de données"),
    ("demo", "démonstration"),
    ("erasures", "effacements"),
    ("file", "fichier"),
    ("keys", "clés"),
    ("map", "correspondance"),
    ("master key", "clé maîtresse"),
    ("migrate", "mise à jour du schéma"),
    ("person", "données d'une personne"),
    ("projections rebuild", "reconstruction des projections"),
    ("report", "rapport"),
    ("retention", "conservation"),
    ("runtime", "exécution"),
    ("signals", "signaux"),
    ("token", "jeton"),
    ("token key", "clé des jetons"),
    ("withdraw", "retrait"),
];

/// The words that stand before a cause.
pub fn place(what: &str, say: Say) -> &str {
    let known = PLACES.iter().find(|(en, _)| *en == what);
    known.map_or(what, |(en, fr)| say.pick(fr, en))
}

/// One error of a chain, in the reader's language where it is one of ours.
pub fn told(error: &(dyn Error + 'static), say: Say) -> String {
    if let Some(bad) = error.downcast_ref() {
        return of_parameters(bad, say);
    }
    if say.0 == Language::En {
        return error.to_string();
    }
    let french = error
        .downcast_ref()
        .and_then(of_keys)
        .or_else(|| error.downcast_ref().and_then(of_journal))
        .or_else(|| error.downcast_ref().and_then(of_evidence))
        .or_else(|| error.downcast_ref().and_then(of_witness))
        .or_else(|| error.downcast_ref().map(of_import))
        .or_else(|| error.downcast_ref().map(of_map))
        .or_else(|| error.downcast_ref().map(of_note))
        .or_else(|| error.downcast_ref().map(of_bundle))
        .or_else(|| error.downcast_ref().and_then(of_token))
        .or_else(|| error.downcast_ref().and_then(of_system));
    french.unwrap_or_else(|| error.to_string())
}

fn of_keys(error: &KeysError) -> Option<String> {
    Some(match error {
        KeysError::MasterKeyForm => {
            "une clé maîtresse compte 32 octets, écrits en 64 chiffres hexadécimaux ou en base64"
                .into()
        }
        KeysError::MasterKeyFile { path, .. } => {
            format!(
                "le fichier de la clé maîtresse {} ne se lit pas, ou ne se crée pas",
                path.display()
            )
        }
        KeysError::MasterKeyExposed { path } => {
            let path = path.display();
            format!(
                "d'autres que son propriétaire peuvent lire la clé maîtresse {path} : chmod 600 {path}"
            )
        }
        KeysError::WrongMasterKey => {
            "le magasin de clés a été créé sous une autre clé maîtresse".into()
        }
        KeysError::Absent => "il n'y a pas de magasin de clés ici".into(),
        KeysError::UnknownEngine => {
            "l'adresse d'un magasin de clés commence par `sqlite:`, `postgres:` ou `postgresql:`"
                .into()
        }
        KeysError::UnknownSchema { version } => {
            format!(
                "cette version ne connaît pas le schéma du magasin de clés (migration {version})"
            )
        }
        KeysError::Database(_) => "la base du magasin de clés est en défaut".into(),
        _ => return None,
    })
}

fn of_journal(error: &JournalError) -> Option<String> {
    Some(match error {
        JournalError::UnknownEngine => {
            "l'adresse d'un journal commence par `sqlite:` ou `postgres:`".into()
        }
        JournalError::SchemaUnknown { found, expected } => {
            format!("schéma inconnu : trouvé : {}, attendu : {expected}", schema(found))
        }
        JournalError::SchemaBehind { found, expected } => {
            format!("schéma en retard : trouvé : {}, attendu : {expected}", schema(found))
        }
        JournalError::OtherJournal { found, expected } => {
            format!("cette base contient le journal « {found} », et non « {expected} »")
        }
        JournalError::Busy => "trop de demandes attendent le journal".into(),
        JournalError::Database(_) => "la base est en défaut".into(),
        JournalError::Migration(_) => "la mise à jour du schéma a échoué".into(),
        _ => return None,
    })
}

/// What was found where a schema should be.
fn schema(found: &str) -> &str {
    if found == "no schema" { "aucun" } else { found }
}

fn of_evidence(error: &EvidenceError) -> Option<String> {
    Some(match error {
        EvidenceError::NotCovered => "aucun point de contrôle ne couvre encore cela".into(),
        EvidenceError::Damaged { position } => {
            format!("l'événement de la position {position} manque")
        }
        EvidenceError::Contradiction { size } => {
            format!(
                "le point de contrôle à {size} événements n'est pas celui des événements du journal"
            )
        }
        EvidenceError::Rollback { size } => {
            format!(
                "cette clé a signé {size} événements que ce journal n'a pas, ou a autrement : remettez le journal le \
                 plus récent, ou acceptez la perte (`sira evidence accept-loss`)"
            )
        }
        EvidenceError::Restored { size } => format!(
            "ce journal a été restauré à la position {size} : acceptez ce qui est perdu (`sira evidence accept-loss`)"
        ),
        EvidenceError::NothingLost => {
            "rien n'est perdu : le journal a ce que sa clé a signé".into()
        }
        EvidenceError::OtherKey { expected } => {
            format!("la clé de signature n'est pas celle que nomme ce journal : {expected}")
        }
        EvidenceError::Introduction { position } => {
            format!(
                "l'événement de la position {position} présente une clé que la précédente n'a pas signée"
            )
        }
        EvidenceError::RecoveryKey { position, .. } => {
            format!(
                "l'événement de la position {position} présente une clé par une clé de secours qui ne vaut pas"
            )
        }
        EvidenceError::NoRecoveryKey => {
            "le registre ne nomme aucune clé de secours : une clé de signature perdue ne se remplace pas"
                .into()
        }
        EvidenceError::UnknownRecoveryKey => {
            "ce n'est pas la clé de secours que nomme le registre".into()
        }
        EvidenceError::ReplacedRecoveryKey => {
            "cette clé de secours a été remplacée, ou a déjà servi : le registre en nomme une autre".into()
        }
        EvidenceError::OtherTiles { path } => {
            format!("{} est d'une autre histoire que ce journal, ou plus récent", path.display())
        }
        EvidenceError::Outpaced => {
            "un autre processus vient de changer les clés du registre : regardez, et recommencez".into()
        }
        EvidenceError::Note(error) => of_note(error),
        _ => return None,
    })
}

fn of_witness(error: &WitnessError) -> Option<String> {
    Some(match error {
        WitnessError::Network(_) => "le serveur ne répond pas".into(),
        WitnessError::Answer(status) => format!("le serveur répond {status}"),
        WitnessError::NotTaken => {
            "le serveur ne connaît pas ce témoin : sa clé doit être parmi ses témoins".into()
        }
        WitnessError::Form(what) => format!("la réponse du serveur ne se lit pas : {what}"),
        WitnessError::Address => "l'adresse du serveur ne convient pas".into(),
        WitnessError::OtherLog(name) => {
            format!("le point de contrôle est celui d'un autre registre : {name}")
        }
        WitnessError::Shrunk { seen, now } => {
            format!("{seen} événements ont été vus, il n'y en a plus que {now}")
        }
        WitnessError::Forked { seen, .. } => {
            format!("le registre ne prolonge pas ce qui a été vu à {seen} événements")
        }
        WitnessError::Entries(size) => {
            format!("les entrées ne mènent pas au point de contrôle à {size} événements")
        }
        WitnessError::Introduction => {
            "une clé du registre n'a été présentée ni par la précédente ni par la clé de secours qu'elle avait nommée"
                .into()
        }
        WitnessError::Note(error) => of_note(error),
        _ => return None,
    })
}

fn of_import(error: &ImportError) -> String {
    match error {
        ImportError::Csv { row, .. } => format!("la ligne {row} du fichier ne se lit pas"),
        ImportError::Read(_) => "le fichier ne se lit pas".into(),
        ImportError::Stopped { row, .. } => format!("l'import s'est arrêté à la ligne {row}"),
    }
}

fn of_map(error: &MapError) -> String {
    match error {
        MapError::Form(cause) => format!("la correspondance n'a pas la forme attendue : {cause}"),
        MapError::NoSuchCommand(word) => format!("aucune commande ne s'appelle {word}"),
        MapError::Role(word, role) => format!("{word} n'est pas pour le rôle {role}"),
        MapError::Delimiter => "le séparateur est un seul caractère ASCII".into(),
        MapError::Steps => format!("de 1 à {STEPS_MAX} étapes, la première étant `register`"),
        MapError::Unset(name) => {
            format!("${name} n'a pas de valeur : donnez-la par --set {name}=VALEUR")
        }
    }
}

fn of_parameters(BadParameters(bad): &BadParameters, say: Say) -> String {
    let told = bad.iter().map(|BadParameter { name, fault, expected }| match fault {
        Fault::Unknown => {
            format!("{name} : {}", say.pick("paramètre inconnu", "unknown parameter"))
        }
        Fault::Repeated => {
            format!("{name} : {}", say.pick("à donner une seule fois", "to be given once"))
        }
        Fault::Form => {
            format!("{name} : {} {expected}", say.pick("valeur attendue :", "expected:"))
        }
    });
    told.collect::<Vec<_>>().join("\n")
}

fn of_note(error: &NoteError) -> String {
    match error {
        NoteError::Form(_) => "ce n'est pas une note signée".into(),
        NoteError::Key(_) => "ce n'est pas une clé de vérification (nom+id+clé)".into(),
        NoteError::Unsigned(name) => format!("aucune signature de {name}"),
        NoteError::Forged(name) => format!("la signature de {name} est fausse"),
    }
}

fn of_bundle(error: &BundleFault) -> String {
    match error {
        BundleFault::Form => "ce dossier a une forme que cette version ne connaît pas".into(),
        BundleFault::Introduction => {
            "une clé du registre n'a pas été présentée par la précédente".into()
        }
        BundleFault::RecoveryKey => {
            "une clé du registre a été présentée par une clé de secours qui ne vaut pas".into()
        }
        BundleFault::OtherKey => "la clé n'est aucune de celles de ce registre".into(),
        BundleFault::OtherLog => "le point de contrôle est d'un autre registre que la clé".into(),
        BundleFault::Unwitnessed(name) => {
            format!("le point de contrôle n'est pas signé par le témoin {name}")
        }
        BundleFault::Incomplete => {
            "rien ne prouve que le flux finit ici : un événement peut manquer à la fin".into()
        }
        BundleFault::Note(error) => of_note(error),
        BundleFault::Checkpoint(_) => "la note n'est pas un point de contrôle".into(),
    }
}

fn of_token(error: &TokenError) -> Option<String> {
    Some(match error {
        TokenError::Key => "la clé des jetons n'est pas une clé Ed25519 en PKCS#8 PEM".into(),
        TokenError::Unavailable(_) => "la liste des jetons ne se lit pas".into(),
        _ => return None,
    })
}

fn of_system(error: &std::io::Error) -> Option<String> {
    let exposed = error.get_ref().and_then(|cause| cause.downcast_ref::<ExposedFile>());
    if let Some(ExposedFile(path)) = exposed {
        return Some(format!(
            "d'autres que son propriétaire peuvent le lire ; lancez : chmod 600 {}",
            path.display()
        ));
    }
    Some(
        match error.kind() {
            ErrorKind::NotFound => "fichier ou dossier introuvable",
            ErrorKind::PermissionDenied => "accès refusé",
            ErrorKind::AlreadyExists => "existe déjà",
            ErrorKind::AddrInUse => "adresse déjà utilisée",
            ErrorKind::InvalidInput => "valeur non valable",
            ErrorKind::NotADirectory => "n'est pas un dossier",
            ErrorKind::IsADirectory => "est un dossier",
            _ => return None,
        }
        .to_owned(),
    )
}
