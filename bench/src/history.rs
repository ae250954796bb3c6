//! The figures of earlier runs, a line each: `day,of,quick,figure,ours,yardstick,ratio`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use crate::Failure;
use crate::report::Figure;

/// The part of a ratio that is lost before anybody is told in red.
pub const RED: f64 = 0.2;

/// The heading of a new file.
const HEADING: &str = "day,of,quick,figure,ours,yardstick,ratio\n";

/// A figure of an earlier run.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Its name.
    pub figure: String,
    /// Whether the run was a quick one.
    pub is_quick: bool,
    /// Its ratio.
    pub ratio: f64,
}

/// Reads a file; nothing where there is none.
///
/// # Errors
/// A line that is none of ours.
pub fn read(path: &Path) -> Result<Vec<Recorded>, Failure> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    text.lines().skip(1).map(recorded).collect()
}

fn recorded(line: &str) -> Result<Recorded, Failure> {
    let wrong = || format!("not a figure: {line}");
    // The name alone holds commas.
    let mut head = line.splitn(4, ',');
    let is_quick = head.nth(2).ok_or_else(wrong)? == "true";
    let rest = head.next().ok_or_else(wrong)?;
    let mut tail = rest.rsplitn(4, ',');
    let ratio = tail.next().ok_or_else(wrong)?.parse()?;
    let figure = tail.nth(2).ok_or_else(wrong)?.trim_matches('"').to_owned();
    Ok(Recorded { figure, is_quick, ratio })
}

/// The ratio of a figure in the last run of the same size.
pub fn last_of(earlier: &[Recorded], figure: &str, is_quick: bool) -> Option<f64> {
    let same = |one: &&Recorded| one.figure == figure && one.is_quick == is_quick;
    earlier.iter().rev().find(same).map(|one| one.ratio)
}

/// Writes the figures of a run behind those that are there.
///
/// # Errors
/// When the file cannot be written.
pub fn append(path: &Path, of: &str, is_quick: bool, figures: &[Figure]) -> Result<(), Failure> {
    let is_new = !path.exists();
    let mut text = String::from(if is_new { HEADING } else { "" });
    #[expect(clippy::disallowed_methods, reason = "a run is of the day on which it is made")]
    let day = chrono::Utc::now().date_naive();
    for Figure { name, ours, yardstick } in figures {
        let ratio = ours / yardstick;
        writeln!(text, "{day},{of},{is_quick},\"{name}\",{ours:.1},{yardstick:.1},{ratio:.4}")?;
    }
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(text.as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_the_last_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.csv");
        assert_eq!(read(&path).unwrap(), []);
        let figure = |ours| Figure { name: "a, b to c".to_owned(), ours, yardstick: 4.0 };
        append(&path, "one", true, &[figure(1.0)]).unwrap();
        append(&path, "two", true, &[figure(2.0)]).unwrap();
        append(&path, "two", false, &[figure(8.0)]).unwrap();
        let earlier = read(&path).unwrap();
        assert_eq!(earlier.len(), 3);
        assert_eq!(last_of(&earlier, "a, b to c", true), Some(0.5));
        assert_eq!(last_of(&earlier, "a, b to c", false), Some(2.0));
        assert_eq!(last_of(&earlier, "a, b", true), None);
    }
}
