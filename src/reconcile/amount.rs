//! Amounts as operators and banks of French-speaking countries write them.

/// Words of the currency that stand beside an amount.
const CURRENCY: [&str; 4] = ["F CFA", "FCFA", "CFA", "XOF"];

/// The rule that an amount of a statement breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AmountRule {
    /// It is no amount.
    Form,
    /// Its separator may be of thousands or of decimals: the map must say which.
    Ambiguous,
    /// It has part of a franc, and there is none.
    Cents,
}

/// An amount in whole francs, and whether it is negative: `450 000`, `1 200 000,00`, `-5 000 FCFA`,
/// `(5 000)`. Spaces of every kind and apostrophes stand between thousands. A comma or a point before one or
/// two digits at the end is a decimal one; before three it is of thousands where `thousands` says so, and
/// is never guessed.
pub(super) fn read_amount(text: &str, thousands: Option<char>) -> Result<(u64, bool), AmountRule> {
    let (text, negative) = without_sign(text.trim());
    let digits: String = without_currency(text)
        .chars()
        .filter(|sign| !sign.is_whitespace() && !matches!(sign, '\'' | '\u{2019}'))
        .filter(|sign| Some(*sign) != thousands)
        .collect();
    let (whole, decimals) = match digits.rfind([',', '.']) {
        None => (digits.as_str(), ""),
        Some(place) => {
            let (whole, decimals) = digits.split_at(place);
            (whole, &decimals[1..])
        }
    };
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(decimals) {
        return Err(AmountRule::Form);
    }
    if decimals.len() > 2 || !is_digits(whole) {
        let is_grouped = whole.chars().all(|sign| sign.is_ascii_digit() || ",.".contains(sign));
        return Err(if is_grouped { AmountRule::Ambiguous } else { AmountRule::Form });
    }
    if decimals.bytes().any(|digit| digit != b'0') {
        return Err(AmountRule::Cents);
    }
    whole.parse().map(|amount| (amount, negative)).map_err(|_| AmountRule::Form)
}

fn without_sign(text: &str) -> (&str, bool) {
    if let Some(within) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        return (within.trim(), true);
    }
    let minus = ['-', '\u{2212}', '\u{2013}'];
    match text.strip_prefix(minus).or_else(|| text.strip_suffix(minus)) {
        Some(rest) => (rest.trim(), true),
        None => (text.strip_prefix('+').unwrap_or(text).trim(), false),
    }
}

fn without_currency(text: &str) -> &str {
    let upper = text.to_ascii_uppercase();
    let found = CURRENCY.iter().find(|word| upper.ends_with(**word));
    found.map_or(text, |word| text[..text.len() - word.len()].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn french_amounts_are_read_as_they_are_written() {
        let cases = [
            ("450 000", 450_000, false),
            ("1 200 000,00", 1_200_000, false),
            ("1\u{202f}200\u{a0}000,0", 1_200_000, false),
            ("-5 000", 5_000, true),
            ("\u{2212}5000.00", 5_000, true),
            ("(5 000)", 5_000, true),
            ("5 000 FCFA", 5_000, false),
            ("+ 5'000 F CFA", 5_000, false),
            ("0", 0, false),
        ];
        for (text, amount, negative) in cases {
            assert_eq!(read_amount(text, None), Ok((amount, negative)), "{text}");
        }
        assert_eq!(read_amount("1.500", Some('.')), Ok((1_500, false)));
        assert_eq!(read_amount("1,200,000.00", Some(',')), Ok((1_200_000, false)));
    }

    #[test]
    fn what_may_be_two_numbers_is_neither() {
        for text in ["1.500", "1,500", "1.200.000", "1.200.000,00"] {
            assert_eq!(read_amount(text, None), Err(AmountRule::Ambiguous), "{text}");
        }
        for text in ["", "abc", "1e3", ",5", "1 2x", "99999999999999999999"] {
            assert_eq!(read_amount(text, None), Err(AmountRule::Form), "{text}");
        }
        assert_eq!(read_amount("10,50", None), Err(AmountRule::Cents));
    }
}
