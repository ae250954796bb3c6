//! Which key signs a log, and which offline key may name another when that one is lost, as one statement after
//! the other says it. Whoever follows a log's keys follows them here: the journal's reader, a bundle's, a witness.
//!
//! A recovery key is named by the signing key of its day and stands for that one alone: with the next signing
//! key it is named anew, or stands no more. So a reader who knows any signing key of the log needs nothing that
//! was said before it, and nobody can bring a recovery key of their own under a key that never named it.

use sira_numbers::Position;

use crate::introduction::{Introducer, Introduction};
use crate::note::{Note, VerifierKey};

/// The first line of what the signing key signs to name the recovery key.
const NAMING_FORM: &str = "sira.recovery/v1";
/// The first line of what the recovery key signs to introduce a signing key.
const RECOVERY_FORM: &str = "sira.recovered/v1";

/// A recovery key that the signing key has named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedRecoveryKey {
    /// Where the event stands that names it.
    pub position: Position,
    /// The recovery key.
    pub key: VerifierKey,
    /// The statement, signed by the signing key.
    pub note: Note,
}

/// What a statement about a log's keys says.
#[derive(Clone, Debug)]
pub enum KeyStep {
    /// Another key signs from here on.
    Signs(Introduction),
    /// This recovery key stands from here on.
    MayRecover(NamedRecoveryKey),
}

/// Why a statement about a log's keys is none that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// It is no such statement, or not signed by the signing key.
    #[error("not signed by the key before")]
    NotIntroduced,
    /// It is signed by a recovery key that the signing key has not named before.
    #[error("signed by a recovery key that was not recorded before")]
    UnknownRecoveryKey,
    /// It is signed by a recovery key in whose place another was named, or that was used already.
    #[error("signed by a recovery key that was replaced")]
    ReplacedRecoveryKey,
}

/// The keys of a log, as far as its statements were taken in.
#[derive(Clone, Debug)]
pub struct KeyChain {
    signing: VerifierKey,
    recovery: Option<VerifierKey>,
    /// Recovery keys that stood once.
    replaced: Vec<VerifierKey>,
}

impl KeyChain {
    /// A chain that begins with a signing key, by which nothing was said yet.
    #[must_use]
    pub const fn starting_with(signing: VerifierKey) -> Self {
        Self { signing, recovery: None, replaced: Vec::new() }
    }

    /// The key that signs now.
    #[must_use]
    pub const fn signing(&self) -> &VerifierKey {
        &self.signing
    }

    /// The recovery key that stands now.
    #[must_use]
    pub const fn recovery(&self) -> Option<&VerifierKey> {
        self.recovery.as_ref()
    }

    /// Takes in the next statement.
    ///
    /// # Errors
    /// [`ChainFault`]: it changes nothing then.
    pub fn take(&mut self, position: Position, note: &str) -> Result<KeyStep, ChainFault> {
        let step = match note.split_once('\n').map(|(form, _)| form) {
            Some(NAMING_FORM) => KeyStep::MayRecover(self.read_naming(position, note)?),
            Some(RECOVERY_FORM) => KeyStep::Signs(self.read_recovery(position, note)?),
            _ => {
                let introduced = Introduction::of_note(position, note, &self.signing);
                KeyStep::Signs(introduced.ok_or(ChainFault::NotIntroduced)?)
            }
        };
        let (signing, recovery) = match &step {
            KeyStep::Signs(introduction) => (Some(introduction.key.clone()), None),
            KeyStep::MayRecover(named) => (None, Some(named.key.clone())),
        };
        let before = std::mem::replace(&mut self.recovery, recovery);
        self.replaced.extend(before.filter(|before| Some(before) != self.recovery.as_ref()));
        if let Some(signing) = signing {
            self.signing = signing;
        }
        Ok(step)
    }

    fn read_naming(&self, position: Position, note: &str) -> Result<NamedRecoveryKey, ChainFault> {
        let wrong = ChainFault::NotIntroduced;
        let note: Note = note.parse().map_err(|_| wrong)?;
        let [_, signing, key] = lines(&note.text).ok_or(wrong)?;
        let key: VerifierKey = key.parse().map_err(|_| wrong)?;
        let is_right = *signing == self.signing.to_string()
            && key != self.signing
            && key.name() == self.signing.name()
            && note.verify(&self.signing).is_ok();
        if is_right { Ok(NamedRecoveryKey { position, key, note }) } else { Err(wrong) }
    }

    fn read_recovery(&self, position: Position, note: &str) -> Result<Introduction, ChainFault> {
        let wrong = ChainFault::NotIntroduced;
        let note: Note = note.parse().map_err(|_| wrong)?;
        let [_, lost, recovery, key] = lines(&note.text).ok_or(wrong)?;
        let key: VerifierKey = key.parse().map_err(|_| wrong)?;
        let recovery: VerifierKey = recovery.parse().map_err(|_| wrong)?;
        if *lost != self.signing.to_string() || key == self.signing || key == recovery {
            return Err(wrong);
        }
        if self.recovery.as_ref() != Some(&recovery) {
            let was_replaced = self.replaced.contains(&recovery);
            let unknown = ChainFault::UnknownRecoveryKey;
            return Err(if was_replaced { ChainFault::ReplacedRecoveryKey } else { unknown });
        }
        let is_right = key.name() == self.signing.name() && note.verify(&recovery).is_ok();
        let by = Introducer::RecoveryKey;
        if is_right { Ok(Introduction { position, key, by, note }) } else { Err(wrong) }
    }
}

/// What the signing key signs to name a recovery key.
#[must_use]
pub fn naming_statement(signing: &VerifierKey, recovery: &VerifierKey) -> String {
    format!("{NAMING_FORM}\n{signing}\n{recovery}\n")
}

/// What the recovery key signs to introduce the signing key `next` in the place of one that was lost.
#[must_use]
pub fn recovery_statement(
    lost: &VerifierKey,
    recovery: &VerifierKey,
    next: &VerifierKey,
) -> String {
    format!("{RECOVERY_FORM}\n{lost}\n{recovery}\n{next}\n")
}

/// Whether a statement introduces this key as one that signs.
#[must_use]
pub fn introduces(note: &str, key: &VerifierKey) -> bool {
    let Ok(note) = note.parse::<Note>() else { return false };
    !note.text.starts_with(&format!("{NAMING_FORM}\n"))
        && note.text.ends_with(&format!("\n{key}\n"))
}

/// Whether a statement is of the one kind that there was before recovery keys.
#[must_use]
pub fn is_by_key(note: &str) -> bool {
    let form = note.split_once('\n').map(|(form, _)| form);
    ![Some(NAMING_FORM), Some(RECOVERY_FORM)].contains(&form)
}

/// The lines of a text of so many.
fn lines<const N: usize>(text: &str) -> Option<[&str; N]> {
    let lines: Vec<&str> = text.strip_suffix('\n')?.split('\n').collect();
    lines.try_into().ok()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::note::{Algorithm, NoteKey};

    fn key(seed: u8) -> NoteKey {
        NoteKey::of_seed("log", Algorithm::Ed25519, &[seed; 32]).unwrap()
    }

    fn signed(by: &NoteKey, text: String) -> String {
        let signatures = vec![by.sign(&text, DateTime::UNIX_EPOCH)];
        Note { text, signatures }.to_string()
    }

    fn named(signing: &NoteKey, recovery: &NoteKey) -> String {
        signed(signing, naming_statement(&signing.verifier(), &recovery.verifier()))
    }

    fn recovered(lost: &NoteKey, recovery: &NoteKey, next: &NoteKey) -> String {
        let (lost, next) = (lost.verifier(), next.verifier());
        signed(recovery, recovery_statement(&lost, &recovery.verifier(), &next))
    }

    fn rotated(before: &NoteKey, next: &NoteKey) -> String {
        signed(before, Introduction::statement(&before.verifier(), &next.verifier()))
    }

    /// What a chain that begins with the first key says of statements, one after the other.
    fn taken(statements: &[String]) -> Result<KeyChain, ChainFault> {
        let mut chain = KeyChain::starting_with(key(1).verifier());
        for (position, note) in (1..).zip(statements) {
            chain.take(Position::of_count(position), note)?;
        }
        Ok(chain)
    }

    #[test]
    fn a_recovery_key_introduces_one_key_and_stands_no_more() {
        let (first, safe, next) = (key(1), key(2), key(3));
        let chain = taken(&[named(&first, &safe), recovered(&first, &safe, &next)]).unwrap();
        assert_eq!((chain.signing(), chain.recovery()), (&next.verifier(), None));
        let again = recovered(&next, &safe, &key(4));
        let used = taken(&[named(&first, &safe), recovered(&first, &safe, &next), again]);
        assert_eq!(used.unwrap_err(), ChainFault::ReplacedRecoveryKey);
    }

    #[test]
    fn a_recovery_key_that_nobody_named_or_that_was_replaced_introduces_nobody() {
        let (first, safe, other, next) = (key(1), key(2), key(5), key(3));
        let unknown = taken(&[recovered(&first, &safe, &next)]);
        assert_eq!(unknown.unwrap_err(), ChainFault::UnknownRecoveryKey);
        let named_later = taken(&[named(&first, &other), recovered(&first, &safe, &next)]);
        assert_eq!(named_later.unwrap_err(), ChainFault::UnknownRecoveryKey);
        let both = [named(&first, &safe), named(&first, &other)];
        let replaced = taken(&[&both[..], &[recovered(&first, &safe, &next)]].concat());
        assert_eq!(replaced.unwrap_err(), ChainFault::ReplacedRecoveryKey);
        let standing = taken(&[&both[..], &[recovered(&first, &other, &next)]].concat());
        assert_eq!(standing.unwrap().signing(), &next.verifier());
    }

    #[test]
    fn a_recovery_key_stands_for_the_signing_key_that_named_it_alone() {
        let (first, safe, second, next) = (key(1), key(2), key(6), key(3));
        let before = [named(&first, &safe), rotated(&first, &second)];
        let lapsed = taken(&[&before[..], &[recovered(&second, &safe, &next)]].concat());
        assert_eq!(lapsed.unwrap_err(), ChainFault::ReplacedRecoveryKey);
        let anew = [named(&second, &safe), recovered(&second, &safe, &next)];
        let chain = taken(&[&before[..], &anew].concat()).unwrap();
        assert_eq!(chain.signing(), &next.verifier());
    }

    #[test]
    fn a_statement_counts_with_the_right_signature_about_the_right_keys_alone() {
        let (first, safe, thief, next) = (key(1), key(2), key(9), key(3));
        let by_thief = |text: String| signed(&thief, text);
        let (vfirst, vsafe, vnext) = (first.verifier(), safe.verifier(), next.verifier());
        let elsewhere = NoteKey::of_seed("other", Algorithm::Ed25519, &[2; 32]).unwrap();
        for wrong in [
            by_thief(naming_statement(&vfirst, &vsafe)),
            named(&thief, &safe),
            named(&first, &first),
            named(&first, &elsewhere),
            signed(&first, format!("{}x\n", naming_statement(&vfirst, &vsafe))),
            "sira.recovery/v1\n".to_owned(),
            String::new(),
        ] {
            assert_eq!(taken(&[wrong]).unwrap_err(), ChainFault::NotIntroduced);
        }
        for wrong in [
            by_thief(recovery_statement(&vfirst, &vsafe, &vnext)),
            signed(&first, recovery_statement(&vfirst, &vsafe, &vnext)),
            recovered(&thief, &safe, &next),
            recovered(&first, &safe, &first),
            recovered(&first, &safe, &safe),
            recovered(&first, &safe, &elsewhere),
            "sira.recovered/v1\n".to_owned(),
        ] {
            let taken = taken(&[named(&first, &safe), wrong]);
            assert_eq!(taken.unwrap_err(), ChainFault::NotIntroduced);
        }
    }

    #[test]
    fn a_recovery_key_is_no_key_of_the_log() {
        let (first, safe, next) = (key(1), key(2), key(3));
        assert!(!introduces(&named(&first, &safe), &safe.verifier()));
        assert!(introduces(&recovered(&first, &safe, &next), &next.verifier()));
        assert!(introduces(&rotated(&first, &next), &next.verifier()));
    }
}
