//! The beneficiary's reference for paper and phone, such as `7K3M-9QX2-C`.

use super::ValueError;

/// Crockford's base 32: no I, L, O or U, so that nothing is misread or misheard.
pub const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters before the check character: 40 bits.
const LENGTH: usize = 8;

/// The paper form, with its hyphens.
const PAPER_FORM: &[u8; 11] = b"####-####-#";

/// Eight characters of Crockford base 32 and a check character (the value modulo 37, as Crockford
/// defines it). Values whose check character would be one of `* ~ $ = U` are never given out, so
/// that every character can be said on the phone and typed in a URL. Kept in its paper form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference([u8; PAPER_FORM.len()]);

impl Reference {
    /// The reference of a 40-bit number; `None` for the 5 in 37 whose check character cannot be
    /// said. Higher bits are ignored.
    #[must_use]
    pub fn from_bits(bits: u64) -> Option<Self> {
        let value = bits & 0xff_ffff_ffff;
        let check = *CROCKFORD.get(usize::try_from(value % 37).ok()?)?;
        let mut letters = (0..LENGTH)
            .rev()
            .map(|place| CROCKFORD[((value >> (5 * place)) & 31) as usize])
            .chain([check]);
        let mut paper = *PAPER_FORM;
        for place in paper.iter_mut().filter(|place| **place == b'#') {
            *place = letters.next()?;
        }
        Some(Self(paper))
    }

    /// Reads a reference as people type it: any case, hyphens and spaces anywhere, `O` for `0`,
    /// `I` and `L` for `1`.
    ///
    /// # Errors
    /// [`ValueError`] with the rule `code_form` or `reference_check`.
    pub fn try_new(text: &str) -> Result<Self, ValueError> {
        let form = || ValueError::new("code_form", "XXXX-XXXX-X");
        if text.len() > 3 * LENGTH {
            return Err(form());
        }
        let typed: Vec<u8> = text
            .bytes()
            .filter(|byte| !matches!(byte, b'-' | b' '))
            .map(crockford_digit)
            .collect::<Option<_>>()
            .ok_or_else(form)?;
        if typed.len() != LENGTH + 1 {
            return Err(form());
        }
        let value =
            typed[..LENGTH].iter().fold(0_u64, |value, digit| value << 5 | u64::from(*digit));
        if value % 37 != u64::from(typed[LENGTH]) {
            return Err(ValueError::new("reference_check", ""));
        }
        Self::from_bits(value).ok_or_else(form)
    }

    /// As written on paper, `7K3M-9QX2-C`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

super::ids::text_value!(
    Reference,
    "[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]",
    "A reference for paper and phone, with a check character."
);

/// The digit of [`CROCKFORD`] that a character stands for, as people type it: `O` for `0`, `I` and `L` for `1`.
#[must_use]
pub fn crockford_digit(byte: u8) -> Option<u8> {
    let byte = match byte.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    CROCKFORD.iter().position(|letter| *letter == byte).and_then(|at| u8::try_from(at).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_reads_back_however_it_is_typed() {
        let reference =
            (1_u64..).find_map(|bits| Reference::from_bits(bits * 987_654_321)).unwrap();
        let paper = reference.as_str().to_owned();
        for typed in
            [paper.clone(), paper.to_lowercase(), paper.replace('-', ""), paper.replace('0', "o")]
        {
            assert_eq!(Reference::try_new(&typed), Ok(reference), "{typed}");
        }
    }

    #[test]
    fn every_single_wrong_character_is_caught() {
        let reference =
            Reference::from_bits(0x7_1234_5678).or(Reference::from_bits(0x7_1234_5679)).unwrap();
        for place in [0, 1, 2, 3, 5, 6, 7, 8, 10] {
            for letter in CROCKFORD {
                let mut code = reference.0;
                if code[place] == *letter {
                    continue;
                }
                code[place] = *letter;
                let typed = std::str::from_utf8(&code).unwrap();
                assert!(Reference::try_new(typed).is_err(), "{typed} passed for {reference}");
            }
        }
    }

    #[test]
    fn a_reference_of_another_form_is_refused() {
        for typed in ["", "7K3M", "7K3M-9QX2-CC", "7K3M-9QX2-*", "………", "7K3M-9QX2-é"] {
            assert!(Reference::try_new(typed).is_err(), "{typed}");
        }
    }
}
