//! Reading a question from its parameters: each is known, each value is checked, each has a limit.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use sira_domain::reference::{EducationLevel, Language, RegionCode};
use sira_numbers::Position;
use sira_projections::analytics::query::{MAX_GROUPS, MAX_WORDS};
use sira_projections::analytics::why::MAX_PAGE;
use sira_projections::analytics::{
    AnalyticsQuery, Dimension, Family, INDICATORS, Indicator, Indicators, Moment,
};
use sira_projections::path::AGE_BANDS;
use uuid::Uuid;

use crate::clock::{read_day, read_moment};

/// Longest word of a filter: ids and codes are shorter, and words are looked up in the facts' dictionary.
const WORD_MAX_BYTES: usize = 64;
/// Asks for what has no word of a dimension.
pub(super) const NO_WORD: &str = "none";
/// Parameters of one question at most.
const PARAMETERS_MAX: usize = 40;

/// Parameters that are not known, are given twice, or are not what they should be: all of them at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct BadParameters(pub Vec<BadParameter>);

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {expected}")]
pub struct BadParameter {
    /// Its name, as the asker called it.
    pub name: String,
    /// What is wrong with it.
    pub fault: Fault,
    /// What is expected.
    pub expected: String,
}

/// What is wrong with a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no parameter of this name.
    Unknown,
    /// It is given more than once.
    Repeated,
    /// Its value is not what it should be.
    Form,
}

impl From<BadParameter> for BadParameters {
    fn from(bad: BadParameter) -> Self {
        Self(vec![bad])
    }
}

fn bad(name: impl Into<String>, expected: impl Into<String>) -> BadParameter {
    BadParameter { name: name.into(), fault: Fault::Form, expected: expected.into() }
}

/// What a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The indicators of a family; those of `name`, where the asker may choose.
    Family(Family),
    /// Indicators over time.
    Timeseries,
    /// Targets and what was reached.
    Targets,
}

impl Subject {
    /// Every subject with its word, the last part of its route.
    pub const ALL: [(&'static str, Self); 8] = [
        ("funnel", Self::Family(Family::Funnel)),
        ("indicators", Self::Family(Family::Indicators)),
        ("durations", Self::Family(Family::Durations)),
        ("training", Self::Family(Family::Training)),
        ("finance", Self::Family(Family::Finance)),
        ("survival", Self::Family(Family::Survival)),
        ("timeseries", Self::Timeseries),
        ("targets", Self::Targets),
    ];

    /// The subject of a word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == word).map(|(_, subject)| *subject)
    }

    /// The indicators asked for: those named, or all of the subject's own.
    fn indicators(self, names: Option<&[String]>) -> Result<Vec<&'static Indicator>, BadParameter> {
        let own = match self {
            Self::Family(family) => Indicators::of(family),
            Self::Timeseries => Indicators::of(Family::Indicators),
            Self::Targets => Vec::new(),
        };
        let Some(names) = names else { return Ok(own) };
        let is_open = matches!(self, Self::Timeseries | Self::Family(Family::Indicators));
        let find = |name: &String| {
            let found = Indicators::named(name);
            let is_own = |found: &&Indicator| own.iter().any(|one| one.name == found.name);
            found.filter(|found| is_open || is_own(found)).ok_or_else(|| {
                let known: Vec<_> = own.iter().map(|one| one.name).collect();
                bad("name", known.join(", "))
            })
        };
        let is_again = |(at, name): (usize, &String)| names[..at].contains(name);
        if names.iter().enumerate().any(is_again) {
            return Err(BadParameter { fault: Fault::Repeated, ..bad("name", "1") });
        }
        names.iter().map(find).collect()
    }
}

/// The parameters of an address, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters(pub Vec<(String, String)>);

impl FromStr for Parameters {
    type Err = BadParameters;

    /// Reads `name=value&...`.
    fn from_str(query: &str) -> Result<Self, BadParameters> {
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        if pairs.len() > PARAMETERS_MAX {
            return Err(bad("query", format!("name=value&... (..{PARAMETERS_MAX})")).into());
        }
        Ok(Self(pairs))
    }
}

/// When a question is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Now.
    Now,
    /// What was recorded by then.
    Time(DateTime<Utc>),
    /// What was recorded up to this position.
    Position(Position),
    /// A moment that was found before: one of several questions that are to be of the same.
    At(Moment),
}

/// A question about figures.
#[derive(Clone, Debug)]
pub struct Question {
    /// What is asked for.
    pub indicators: Vec<&'static Indicator>,
    /// Filters, period, breakdown; the reach is to be set.
    pub query: AnalyticsQuery,
    /// Of when.
    pub when: When,
    /// Whether it is a series over time, broken down by its interval first.
    pub is_series: bool,
    /// Headings of the columns.
    pub headings: Language,
    /// Where to go on, of a list.
    pub cursor: Option<String>,
    /// Length of a page, of a list.
    pub limit: Option<usize>,
}

impl Question {
    /// Reads a question of a subject.
    ///
    /// # Errors
    /// [`BadParameters`].
    pub fn read(parameters: Parameters, subject: Subject) -> Result<Self, BadParameters> {
        let mut reading = Reading::new(parameters);
        // Every indicator may be asked for at once.
        let names = reading.list_of("name", INDICATORS.len());
        let mut question = reading.question();
        question.indicators =
            reading.note(subject.indicators(names.as_deref())).unwrap_or_default();
        question.query.group_by = reading.group_by();
        question.headings = reading.headings();
        if subject == Subject::Timeseries {
            let interval = reading.interval();
            question.is_series = true;
            question.query.series = Some(interval);
            question.query.group_by.retain(|group| *group != interval);
            // A period of another length would be cut by those of the series.
            if question.query.group_by.iter().any(|group| group.is_time()) {
                reading.wrong.push(bad("group_by", dimensions_beside_time()));
            }
            question.query.group_by.insert(0, interval);
        }
        reading.end(question)
    }

    /// Reads a question about one cell of an indicator: every dimension may be a filter.
    ///
    /// # Errors
    /// [`BadParameters`].
    pub fn read_cell(
        parameters: Parameters,
        indicator: &'static Indicator,
    ) -> Result<Self, BadParameters> {
        let mut reading = Reading::new(parameters);
        let mut question = reading.question();
        question.indicators = vec![indicator];
        question.cursor = reading.take("cursor");
        question.limit = reading.parsed("limit", &format!("1..{MAX_PAGE}"), |text| {
            text.parse().ok().filter(|limit| (1..=MAX_PAGE).contains(limit))
        });
        reading.end(question)
    }
}

/// Parameters that are still to be read, and what was wrong with those that were.
struct Reading {
    left: Vec<(String, String)>,
    wrong: Vec<BadParameter>,
}

impl Reading {
    fn new(Parameters(pairs): Parameters) -> Self {
        let (mut left, mut wrong): (Vec<(String, String)>, _) = (Vec::new(), Vec::new());
        for (name, value) in pairs {
            if left.iter().any(|(earlier, _)| *earlier == name) {
                let name = short(&name);
                wrong.push(BadParameter { fault: Fault::Repeated, ..bad(name, "1") });
            } else {
                left.push((name, value));
            }
        }
        Self { left, wrong }
    }

    /// The question, unless something was wrong or is left over.
    fn end(mut self, question: Question) -> Result<Question, BadParameters> {
        let unknown = |(name, _): &(String, String)| BadParameter {
            fault: Fault::Unknown,
            ..bad(short(name), "-")
        };
        self.wrong.extend(self.left.iter().map(unknown));
        if self.wrong.is_empty() { Ok(question) } else { Err(BadParameters(self.wrong)) }
    }

    /// What was read, or nothing and a note of what was wrong with it.
    fn note<T>(&mut self, read: Result<T, BadParameter>) -> Option<T> {
        read.map_err(|bad| self.wrong.push(bad)).ok()
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let place = self.left.iter().position(|(known, _)| known == name)?;
        Some(self.left.remove(place).1)
    }

    fn parsed<T>(
        &mut self,
        name: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.take(name)?;
        self.note(parse(&text).ok_or_else(|| bad(name, expected)))
    }

    /// Words with commas between them.
    fn list(&mut self, name: &str) -> Option<Vec<String>> {
        self.list_of(name, MAX_WORDS)
    }

    fn list_of(&mut self, name: &str, most: usize) -> Option<Vec<String>> {
        self.parsed(name, &format!("a,b,... (1..{most})"), |text| {
            let words: Vec<_> = text.split(',').map(|word| word.trim().to_owned()).collect();
            let fits = |word: &String| !word.is_empty() && word.len() <= WORD_MAX_BYTES;
            (words.len() <= most && words.iter().all(fits)).then_some(words)
        })
    }

    fn day(&mut self, name: &str) -> Option<NaiveDate> {
        self.parsed(name, "YYYY-MM-DD", read_day)
    }

    /// Filters, period and moment.
    fn question(&mut self) -> Question {
        let mut query = AnalyticsQuery::default();
        for dimension in Dimension::ALL {
            let Some(words) = self.list(dimension.word()) else { continue };
            let checked = words.iter().try_for_each(|word| check(*dimension, word));
            if self.note(checked).is_some() {
                query.filters.push((*dimension, words));
            }
        }
        (query.from, query.to) = (self.day("from"), self.day("to"));
        if query.from.zip(query.to).is_some_and(|(from, to)| from > to) {
            self.wrong.push(bad("to", "from <= to"));
        }
        let when = self.when();
        let (indicators, headings) = (Vec::new(), Language::En);
        Question { indicators, query, when, is_series: false, headings, cursor: None, limit: None }
    }

    fn when(&mut self) -> When {
        let time = self.parsed("as_of", "YYYY-MM-DD, RFC 3339", read_moment);
        let position = self.parsed("as_of_position", "0..", |text| text.parse().ok());
        if time.is_some() && position.is_some() {
            self.wrong.push(bad("as_of_position", "as_of | as_of_position"));
        }
        time.map(When::Time).or(position.map(When::Position)).unwrap_or(When::Now)
    }

    fn group_by(&mut self) -> Vec<Dimension> {
        let names = self.list("group_by").unwrap_or_default();
        let mut groups = Vec::new();
        for name in names {
            let found = Dimension::named(&name)
                .filter(|found| !groups.contains(found) && groups.len() < MAX_GROUPS);
            let Some(dimension) = found else {
                self.wrong.push(bad("group_by", dimensions()));
                break;
            };
            groups.push(dimension);
        }
        groups
    }

    fn interval(&mut self) -> Dimension {
        let read = self.parsed("interval", "month, quarter, year", |text| match text {
            "quarter" => Some(Dimension::Quarter),
            "month" => Some(Dimension::Month),
            "year" => Some(Dimension::Year),
            _ => None,
        });
        read.unwrap_or(Dimension::Quarter)
    }

    fn headings(&mut self) -> Language {
        let read = self.parsed("headings", "fr, en", |text| match text {
            "en" => Some(Language::En),
            "fr" => Some(Language::Fr),
            _ => None,
        });
        read.unwrap_or(Language::En)
    }
}

/// The words that a breakdown may name, and how many of them.
fn dimensions() -> String {
    listed(|_| true)
}

/// Those by which a series is broken down beside its interval.
fn dimensions_beside_time() -> String {
    listed(|dimension| !dimension.is_time())
}

fn listed(is_allowed: impl Fn(&Dimension) -> bool) -> String {
    let allowed = Dimension::ALL.iter().filter(|dimension| is_allowed(dimension));
    let words: Vec<_> = allowed.map(|dimension| dimension.word()).collect();
    format!("{} (..{MAX_GROUPS})", words.join(", "))
}

/// What an asker called a parameter, short and plain enough to be told back.
fn short(name: &str) -> String {
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '_';
    name.chars().filter(is_plain).take(32).collect()
}

/// Refuses a word that a dimension cannot have.
fn check(dimension: Dimension, word: &str) -> Result<(), BadParameter> {
    // Facts that have no word of it: nobody knows it, or there is none yet.
    if word == NO_WORD && !is_interval(dimension) {
        return Ok(());
    }
    let (fits, expected) = match dimension {
        Dimension::Programme | Dimension::Cohort | Dimension::Fund => {
            (Uuid::try_parse(word).is_ok(), "UUID".to_owned())
        }
        Dimension::Region => (RegionCode::from_str(word).is_ok(), "/v1/reference".to_owned()),
        Dimension::Sex => (["female", "male"].contains(&word), "female, male".to_owned()),
        Dimension::AgeBand => (AGE_BANDS.contains(&word), AGE_BANDS.join(", ")),
        Dimension::Disability | Dimension::Displaced | Dimension::Trained => {
            (["true", "false"].contains(&word), "true, false".to_owned())
        }
        Dimension::Year => (is_number(word, 4), "YYYY".to_owned()),
        Dimension::Quarter => (is_quarter(word), "YYYY-Q1..Q4".to_owned()),
        Dimension::Month => (read_day(&format!("{word}-01")).is_some(), "YYYY-MM".to_owned()),
        Dimension::Education => {
            (EducationLevel::from_str(word).is_ok(), "/v1/reference".to_owned())
        }
        Dimension::Office | Dimension::Tag | Dimension::Sector => (true, String::new()),
    };
    if fits { Ok(()) } else { Err(bad(dimension.word(), expected)) }
}

const fn is_interval(dimension: Dimension) -> bool {
    matches!(dimension, Dimension::Year | Dimension::Quarter | Dimension::Month)
}

fn is_quarter(word: &str) -> bool {
    word.split_once("-Q").is_some_and(|(year, quarter)| {
        is_number(year, 4) && ["1", "2", "3", "4"].contains(&quarter)
    })
}

fn is_number(word: &str, digits: usize) -> bool {
    word.len() == digits && word.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Question, BadParameters> {
        Question::read(query.parse()?, Subject::Family(Family::Indicators))
    }

    #[test]
    fn each_parameter_is_refused_by_its_name() {
        for (query, name) in [
            ("region=atlantis", "region"),
            ("sex=x", "sex"),
            ("programme=1", "programme"),
            ("from=2022-02-30", "from"),
            ("from=2022-02-02&to=2022-02-01", "to"),
            ("as_of=soon", "as_of"),
            ("as_of=%2B12345-01-01", "as_of"),
            ("from=%2B12345-01-01", "from"),
            ("from=-0001-01-01", "from"),
            ("to=2022-1-1", "to"),
            ("as_of=2022-01-01&as_of_position=1", "as_of_position"),
            ("group_by=name", "group_by"),
            ("group_by=sex,sex", "group_by"),
            ("group_by=sex,region,office,cohort,fund", "group_by"),
            ("quarter=2022-Q5", "quarter"),
            ("month=2022-13", "month"),
            ("name=unheard_of", "name"),
            ("region=segou&region=gao", "region"),
            ("surname=x", "surname"),
            ("interval=month", "interval"),
            ("headings=de", "headings"),
            ("sex=", "sex"),
        ] {
            let BadParameters(wrong) = read(query).unwrap_err();
            let names: Vec<_> = wrong.into_iter().map(|one| one.name).collect();
            assert_eq!(names, [name], "{query}");
        }
    }

    #[test]
    fn everything_wrong_is_named_at_once() {
        let BadParameters(wrong) =
            read("sex=x&month=13&name=par30&surname=x&sex=male").unwrap_err();
        let told: Vec<_> = wrong.iter().map(|one| (one.name.as_str(), one.fault)).collect();
        let expected = [
            ("sex", Fault::Repeated),
            ("sex", Fault::Form),
            ("month", Fault::Form),
            ("surname", Fault::Unknown),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_question_is_read_whole() {
        let question = read("region=segou,gao&from=2022-01-01&group_by=sex&name=par30").unwrap();
        assert_eq!(
            question.query.filters,
            [(Dimension::Region, vec!["segou".into(), "gao".into()])]
        );
        assert_eq!(question.query.group_by, [Dimension::Sex]);
        assert_eq!(question.indicators.len(), 1);
        let series =
            Question::read("interval=month&group_by=sex".parse().unwrap(), Subject::Timeseries);
        assert_eq!(series.unwrap().query.group_by, [Dimension::Month, Dimension::Sex]);
    }
}
