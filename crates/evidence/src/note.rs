//! Signed notes (C2SP signed-note) with Ed25519 signatures and witnesses' cosignatures (C2SP
//! tlog-cosignature), and their keys as text.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use sha2::{Digest, Sha256};
use sira_numbers::since_1970;
use zeroize::Zeroizing;

/// Largest note that is looked at: a checkpoint with its witnesses is below 8 kB.
pub const NOTE_MAX_BYTES: usize = 64 * 1024;
/// Most signatures of a note: each that names a known key is a public-key check, which a stranger who sends a
/// long list must not be able to order.
pub const SIGNATURES_MAX: usize = 64;
/// Longest name of a key.
pub const NAME_MAX_CHARS: usize = 200;

/// Begins a secret key as text, as the Go implementation writes it.
const SECRET_PREFIX: &str = "PRIVATE+KEY+";
/// Begins a signature line: an em dash and a space.
const SIGNATURE_PREFIX: &str = "\u{2014} ";
/// The first line of what a cosigner signs.
const COSIGNATURE_FORM: &str = "cosignature/v1";

/// What a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// A log: Ed25519 over the note's text.
    Ed25519,
    /// A witness: Ed25519 over the time and the text of a checkpoint.
    Cosignature,
}

impl Algorithm {
    const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 1,
            Self::Cosignature => 4,
        }
    }

    const fn of(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Ed25519),
            4 => Some(Self::Cosignature),
            _ => None,
        }
    }
}

/// A note or a key that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The text has not the form of a note.
    #[error("not a signed note: {0}")]
    Form(&'static str),
    /// The text is no key.
    #[error("not a key of a signed note: {0}")]
    Key(&'static str),
    /// No signature is of that key.
    #[error("no signature by {0}")]
    Unsigned(String),
    /// A signature of that key is wrong.
    #[error("the signature by {0} is wrong")]
    Forged(String),
}

/// Names must not be mistaken for anything else in a line.
fn check_name(name: &str) -> Result<(), NoteError> {
    let unfit = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if name.is_empty() || name.chars().any(unfit) || name.chars().count() > NAME_MAX_CHARS {
        return Err(NoteError::Key(
            "a name has 1 to 200 characters, and neither spaces nor plus signs",
        ));
    }
    Ok(())
}

fn key_id(name: &str, algorithm: Algorithm, key: &[u8]) -> [u8; 4] {
    let mut hasher = Sha256::new();
    hasher.update(name.as_bytes());
    hasher.update([b'\n', algorithm.byte()]);
    hasher.update(key);
    let hash: [u8; 32] = hasher.finalize().into();
    [hash[0], hash[1], hash[2], hash[3]]
}

/// A key that checks signatures, as text `name+id+key` (a `vkey`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    algorithm: Algorithm,
    key: VerifyingKey,
}

impl VerifierKey {
    /// Whose key it is.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it checks.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// What tells it from other keys of the name.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        key_id(&self.name, self.algorithm, self.key.as_bytes())
    }

    /// Checks this key's signature of a text; a cosignature tells its time.
    fn check(&self, text: &str, signature: &[u8]) -> Result<Option<DateTime<Utc>>, NoteError> {
        let forged = || NoteError::Forged(self.name.clone());
        match self.algorithm {
            Algorithm::Ed25519 => {
                let signature = Signature::from_slice(signature).map_err(|_| forged())?;
                self.key.verify(text.as_bytes(), &signature).map_err(|_| forged())?;
                Ok(None)
            }
            Algorithm::Cosignature => {
                let (time, signature) = signature.split_at_checked(8).ok_or_else(forged)?;
                let seconds = u64::from_be_bytes(time.try_into().map_err(|_| forged())?);
                let signature = Signature::from_slice(signature).map_err(|_| forged())?;
                let signed = cosigned(text, seconds);
                self.key.verify(signed.as_bytes(), &signature).map_err(|_| forged())?;
                let time = i64::try_from(seconds).ok().and_then(|s| DateTime::from_timestamp(s, 0));
                time.map(Some).ok_or_else(forged)
            }
        }
    }
}

fn cosigned(text: &str, seconds: u64) -> String {
    format!("{COSIGNATURE_FORM}\ntime {seconds}\n{text}")
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![self.algorithm.byte()];
        bytes.extend_from_slice(self.key.as_bytes());
        let id = u32::from_be_bytes(self.id());
        write!(f, "{}+{id:08x}+{}", self.name, STANDARD.encode(bytes))
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let (name, id, bytes) = read_key(text.trim())?;
        let (algorithm, bytes) = bytes;
        let key = VerifyingKey::from_bytes(&bytes)
            .map_err(|_| NoteError::Key("the bytes are no Ed25519 key"))?;
        let key = Self { name, algorithm, key };
        if key.id() == id { Ok(key) } else { Err(NoteError::Key("the id is not that of the key")) }
    }
}

type KeyParts = (String, [u8; 4], (Algorithm, [u8; 32]));

fn read_key(text: &str) -> Result<KeyParts, NoteError> {
    let form = || NoteError::Key("name+id+key, in one line");
    let mut parts = text.splitn(3, '+');
    let (name, id, key) = (parts.next(), parts.next(), parts.next());
    let (Some(name), Some(id), Some(key)) = (name, id, key) else { return Err(form()) };
    check_name(name)?;
    let is_hex = id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let id = u32::from_str_radix(id, 16).ok().filter(|_| is_hex).ok_or_else(form)?;
    let bytes = Zeroizing::new(STANDARD.decode(key).map_err(|_| form())?);
    let (algorithm, bytes) = bytes.split_first().ok_or_else(form)?;
    let unknown = NoteError::Key("neither an Ed25519 key nor that of a cosigner");
    let algorithm = Algorithm::of(*algorithm).ok_or(unknown)?;
    Ok((name.to_owned(), id.to_be_bytes(), (algorithm, bytes.try_into().map_err(|_| form())?)))
}

/// A key that signs. Its text, `PRIVATE+KEY+name+id+seed`, is a secret; it is not shown by `Debug`.
#[derive(Clone)]
pub struct NoteKey {
    name: String,
    algorithm: Algorithm,
    key: SigningKey,
}

impl fmt::Debug for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoteKey").field("name", &self.name).finish_non_exhaustive()
    }
}

impl NoteKey {
    /// The key that a secret seed makes. The seed must come from a source of randomness, which is not
    /// known here.
    ///
    /// # Errors
    /// [`NoteError::Key`] for a name that is none.
    pub fn of_seed(name: &str, algorithm: Algorithm, seed: &[u8; 32]) -> Result<Self, NoteError> {
        check_name(name)?;
        Ok(Self { name: name.to_owned(), algorithm, key: SigningKey::from_bytes(seed) })
    }

    /// The key that checks what this one signs.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        let key = self.key.verifying_key();
        VerifierKey { name: self.name.clone(), algorithm: self.algorithm, key }
    }

    /// The secret as text.
    #[must_use]
    pub fn secret(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(vec![self.algorithm.byte()]);
        bytes.extend_from_slice(self.key.as_bytes());
        let id = u32::from_be_bytes(self.verifier().id());
        let encoded = Zeroizing::new(STANDARD.encode(&*bytes));
        Zeroizing::new(format!("{SECRET_PREFIX}{}+{id:08x}+{}", self.name, *encoded))
    }

    /// The signature line for a text, without the newline that ends it. Ed25519 gives the same text the
    /// same signature. `now` is the time of a cosignature; other keys sign no time.
    #[must_use]
    pub fn sign(&self, text: &str, now: DateTime<Utc>) -> SignatureLine {
        let mut bytes = Vec::with_capacity(72);
        match self.algorithm {
            Algorithm::Ed25519 => {
                bytes.extend_from_slice(&self.key.sign(text.as_bytes()).to_bytes());
            }
            Algorithm::Cosignature => {
                let seconds = since_1970(now.timestamp());
                bytes.extend_from_slice(&seconds.to_be_bytes());
                let signature = self.key.sign(cosigned(text, seconds).as_bytes());
                bytes.extend_from_slice(&signature.to_bytes());
            }
        }
        SignatureLine { name: self.name.clone(), id: self.verifier().id(), bytes }
    }
}

impl FromStr for NoteKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let text = text.trim().strip_prefix(SECRET_PREFIX);
        let text = text.ok_or(NoteError::Key("a secret key begins with PRIVATE+KEY+"))?;
        let (name, id, (algorithm, seed)) = read_key(text)?;
        let key = Self { name, algorithm, key: SigningKey::from_bytes(&seed) };
        let is_its = key.verifier().id() == id;
        if is_its { Ok(key) } else { Err(NoteError::Key("the id is not that of the key")) }
    }
}

/// One signature under a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureLine {
    /// Whose.
    pub name: String,
    /// Of which key.
    pub id: [u8; 4],
    /// The signature.
    pub bytes: Vec<u8>,
}

impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.id, self.bytes.as_slice()].concat();
        write!(f, "{SIGNATURE_PREFIX}{} {}", self.name, STANDARD.encode(bytes))
    }
}

impl FromStr for SignatureLine {
    type Err = NoteError;

    fn from_str(line: &str) -> Result<Self, NoteError> {
        let form = NoteError::Form("a signature line is an em dash, a name and base 64");
        let rest = line.strip_prefix(SIGNATURE_PREFIX).ok_or(form.clone())?;
        let (name, bytes) = rest.split_once(' ').ok_or(form.clone())?;
        check_name(name)?;
        let bytes = STANDARD.decode(bytes).map_err(|_| form.clone())?;
        let (id, bytes) = bytes.split_first_chunk::<4>().ok_or(form.clone())?;
        if bytes.is_empty() {
            return Err(form);
        }
        Ok(Self { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
    }
}

/// A text with its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The text, ended by a newline.
    pub text: String,
    /// Its signatures.
    pub signatures: Vec<SignatureLine>,
}

impl Note {
    /// Checks the signature of one key. Signatures of other keys are looked over; when a key has
    /// signed more than once, every one must be right. A cosignature tells its time.
    ///
    /// # Errors
    /// [`NoteError::Unsigned`] and [`NoteError::Forged`].
    pub fn verify(&self, key: &VerifierKey) -> Result<Option<DateTime<Utc>>, NoteError> {
        let mut found = Err(NoteError::Unsigned(key.name.clone()));
        for line in &self.signatures {
            if line.name == key.name && line.id == key.id() {
                found = Ok(key.check(&self.text, &line.bytes)?);
            }
        }
        found
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl FromStr for Note {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Self, NoteError> {
        if note.len() > NOTE_MAX_BYTES {
            return Err(NoteError::Form("too large"));
        }
        if note.chars().any(|c| c < ' ' && c != '\n') {
            return Err(NoteError::Form("a control character"));
        }
        let parts = note.rfind("\n\n").map(|end| (&note[..=end], &note[end + 2..]));
        let (text, lines) = parts.ok_or(NoteError::Form("no blank line before signatures"))?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Form("the last line has no end"))?;
        let lines: Vec<&str> = lines.split('\n').collect();
        if lines.len() > SIGNATURES_MAX {
            return Err(NoteError::Form("too many signatures"));
        }
        let signatures = lines.into_iter().map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), signatures })
    }
}
