//! Lines of text for a terminal of a hundred columns.

/// Columns of a line.
const COLUMNS: usize = 100;

/// Breaks a sentence into lines of at most a hundred columns, each after so many spaces. A word that is
/// longer than a line goes on in the next.
pub fn wrapped(indent: usize, sentence: &str) -> String {
    let room = COLUMNS.saturating_sub(indent).max(1);
    let mut lines: Vec<String> = Vec::new();
    for word in sentence.split_whitespace() {
        let taken = lines.last().map_or(room, |line| line.chars().count());
        if let Some(line) = lines.last_mut().filter(|_| taken + 1 + word.chars().count() <= room) {
            line.push(' ');
            line.push_str(word);
            continue;
        }
        let characters: Vec<char> = word.chars().collect();
        lines.extend(characters.chunks(room).map(|part| part.iter().collect::<String>()));
    }
    let margin = " ".repeat(indent);
    lines.iter().map(|line| format!("{margin}{line}")).collect::<Vec<_>>().join("\n")
}

/// A time of recording to the second, in Mali's time, which is UTC.
pub fn to_the_second(recorded_at: &str) -> String {
    let (day, time) = recorded_at.split_once('T').unwrap_or((recorded_at, ""));
    format!("{day} {}", time.get(..8).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_a_hundred_columns() {
        let text = wrapped(6, &"é mots ".repeat(60));
        assert!(text.lines().count() > 3);
        assert!(text.lines().all(|line| line.starts_with("      ") && line.chars().count() <= 100));
        let (whole, rest) = ("x".repeat(98), "x".repeat(52));
        let broken = wrapped(2, &format!("a {} b", "x".repeat(150)));
        assert_eq!(broken, format!("  a\n  {whole}\n  {rest} b"));
        assert_eq!(to_the_second("2026-01-01T08:07:06.000001Z"), "2026-01-01 08:07:06");
    }
}
