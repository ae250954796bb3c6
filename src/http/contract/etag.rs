//! Entity tags and conditional requests (RFC 9110, 8.8.3 and 13.1). A stream's tag is its version: `"7"`.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use sira_numbers::Version;

/// Longest condition that is looked at: a hundred tags of ours.
const CONDITION_MAX_BYTES: usize = 1_024;

/// The tag of a version.
#[must_use]
pub fn etag(version: Version) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// What `If-Match` or `If-None-Match` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// `*`: any current version.
    Any,
    /// One of these tags.
    Tags(Vec<EntityTag>),
}

/// A tag as a caller writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityTag {
    /// Whether it was written `W/"..."`: a proxy that compresses makes tags so.
    pub is_weak: bool,
    /// What stands between the quotes.
    pub opaque: String,
}

impl EntityTag {
    /// The version that it names; none when it is a tag of something else.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.opaque.parse().ok().filter(|version: &Version| version.to_string() == self.opaque)
    }
}

/// A condition that does not have the form of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl Condition {
    /// Reads a header, whose lines are one list; none when it is not there.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn read(headers: &HeaderMap, name: HeaderName) -> Result<Option<Self>, Malformed> {
        let lines: Vec<_> = headers.get_all(name).iter().map(HeaderValue::to_str).collect();
        if lines.is_empty() {
            return Ok(None);
        }
        let lines: Vec<_> = lines.into_iter().collect::<Result<_, _>>().map_err(|_| Malformed)?;
        Self::parse(&lines.join(",")).map(Some)
    }

    /// What `If-Match` asks for; none when it is not there.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn if_match(headers: &HeaderMap) -> Result<Option<Self>, Malformed> {
        Self::read(headers, header::IF_MATCH)
    }

    fn parse(text: &str) -> Result<Self, Malformed> {
        let text = text.trim();
        if text.len() > CONDITION_MAX_BYTES {
            return Err(Malformed);
        }
        if text == "*" {
            return Ok(Self::Any);
        }
        let (mut rest, mut tags) = (text, Vec::new());
        loop {
            // Empty places of a list are passed over (RFC 9110, 5.6.1).
            rest = rest.trim_start_matches([',', ' ', '\t']);
            if rest.is_empty() {
                return if tags.is_empty() { Err(Malformed) } else { Ok(Self::Tags(tags)) };
            }
            let (tag, after) = read_tag(rest).ok_or(Malformed)?;
            tags.push(tag);
            rest = after.trim_start_matches([' ', '\t']);
            if !rest.is_empty() && !rest.starts_with(',') {
                return Err(Malformed);
            }
        }
    }

    /// Whether a version is meant, compared weakly, as `If-None-Match` is.
    #[must_use]
    pub fn holds_weakly(&self, version: Version) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => tags.iter().any(|tag| tag.version() == Some(version)),
        }
    }

    /// The versions meant, compared strongly, as `If-Match` is: a weak tag means none.
    #[must_use]
    pub fn strong_versions(&self) -> Vec<Version> {
        match self {
            Self::Any => Vec::new(),
            Self::Tags(tags) => {
                tags.iter().filter(|tag| !tag.is_weak).filter_map(EntityTag::version).collect()
            }
        }
    }
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self::Tags(tags) = self else { return f.write_str("*") };
        let told = tags
            .iter()
            .map(|tag| format!("{}\"{}\"", if tag.is_weak { "W/" } else { "" }, tag.opaque));
        f.write_str(&told.collect::<Vec<_>>().join(", "))
    }
}

/// A tag at the beginning of a text, and what follows it.
fn read_tag(text: &str) -> Option<(EntityTag, &str)> {
    let (is_weak, text) = text.strip_prefix("W/").map_or((false, text), |text| (true, text));
    let (opaque, after) = text.strip_prefix('"')?.split_once('"')?;
    let fits = opaque.bytes().all(|byte| byte == 0x21 || (0x23..=0x7e).contains(&byte));
    fits.then(|| (EntityTag { is_weak, opaque: opaque.to_owned() }, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_read_as_the_standard_writes_it() {
        for (text, versions, is_weakly_seven) in [
            ("\"7\"", vec![Version::from(7)], true),
            ("W/\"7\"", vec![], true),
            ("\"1\", \"7\"", vec![Version::from(1), Version::from(7)], true),
            ("\"1\",W/\"7\" ,\"x,y\"", vec![Version::from(1)], true),
            (", \"1\" ,,", vec![Version::from(1)], false),
            ("\"07\"", vec![], false),
            ("\"\"", vec![], false),
            ("*", vec![], true),
        ] {
            let condition = Condition::parse(text).unwrap();
            assert_eq!(condition.strong_versions(), versions, "{text}");
            assert_eq!(condition.holds_weakly(Version::from(7)), is_weakly_seven, "{text}");
        }
    }

    #[test]
    fn what_is_no_condition_is_malformed() {
        for text in ["", "1", "\"1", "1\"", "\"1\" \"2\"", "w/\"1\"", "W/1", "*, \"1\"", "\"a b\""]
        {
            assert_eq!(Condition::parse(text), Err(Malformed), "{text}");
        }
    }
}
