//! Reading a question from its parameters: each is known, each value is checked, each has a limit.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use sira_domain::reference::{Language, RegionCode};
use sira_projections::analytics::query::{MAX_GROUPS, MAX_WORDS};
use sira_projections::analytics::why::MAX_PAGE;
use sira_projections::analytics::{AnalyticsQuery, Dimension, Family, Indicator, Indicators};
use sira_projections::path::AGE_BANDS;
use uuid::Uuid;

use crate::clock::read_moment;

/// Longest word of a filter.
const WORD_MAX_BYTES: usize = 64;
/// Parameters of one question at most.
const PARAMETERS_MAX: usize = 40;

/// A parameter that is not known, is given twice, or is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {expected}")]
pub struct BadParameter {
    /// Its name, as the asker called it.
    pub name: String,
    /// What is expected.
    pub expected: String,
}

fn bad(name: impl Into<String>, expected: impl Into<String>) -> BadParameter {
    BadParameter { name: name.into(), expected: expected.into() }
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
        names.iter().map(find).collect()
    }
}

/// The parameters of an address, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters(pub Vec<(String, String)>);

impl FromStr for Parameters {
    type Err = BadParameter;

    /// Reads `name=value&...`.
    fn from_str(query: &str) -> Result<Self, BadParameter> {
        let unfit = || bad("query", format!("name=value&... (..{PARAMETERS_MAX})"));
        let uri = format!("/?{query}").parse::<axum::http::Uri>().map_err(|_| unfit())?;
        let read = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri);
        let pairs = read.map_err(|_| unfit())?.0;
        if pairs.len() > PARAMETERS_MAX {
            return Err(unfit());
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
    Position(u64),
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
    /// [`BadParameter`].
    pub fn read(parameters: Parameters, subject: Subject) -> Result<Self, BadParameter> {
        let mut reading = Reading::new(parameters)?;
        let names = reading.list("name")?;
        let mut question = reading.question()?;
        question.indicators = subject.indicators(names.as_deref())?;
        question.query.group_by = reading.group_by()?;
        question.headings = reading.headings()?;
        if subject == Subject::Timeseries {
            let interval = reading.interval()?;
            question.query.group_by.retain(|group| *group != interval);
            question.query.group_by.insert(0, interval);
        }
        reading.nothing_left()?;
        Ok(question)
    }

    /// Reads a question about one cell of an indicator: every dimension may be a filter.
    ///
    /// # Errors
    /// [`BadParameter`].
    pub fn read_cell(
        parameters: Parameters,
        indicator: &'static Indicator,
    ) -> Result<Self, BadParameter> {
        let mut reading = Reading::new(parameters)?;
        let mut question = reading.question()?;
        question.indicators = vec![indicator];
        question.cursor = reading.take("cursor");
        if let Some(limit) = reading.take("limit") {
            let limit = limit.parse().ok().filter(|limit| (1..=MAX_PAGE).contains(limit));
            question.limit = Some(limit.ok_or_else(|| bad("limit", format!("1..{MAX_PAGE}")))?);
        }
        reading.nothing_left()?;
        Ok(question)
    }
}

/// The parameters of an analytics route, with what each is; for the API's document.
#[must_use]
pub fn parameters_of(path: &str) -> Vec<(&'static str, &'static str)> {
    let is_cell = path.ends_with("/why");
    let mut all = vec![
        ("from", "First day of the period (day of the fact)."),
        ("to", "Last day of the period."),
        ("as_of", "What was recorded by the end of this day (UTC), or by this time."),
        ("as_of_position", "What was recorded up to this position: the same figures for ever."),
    ];
    let filter = "One of these words, with commas between them.";
    all.extend(Dimension::ALL.iter().map(|dimension| (dimension.word(), filter)));
    if is_cell {
        all.push(("limit", "Events of the page; at most 1000."));
        all.push(("cursor", "`next_cursor` of the page before."));
        return all;
    }
    all.push((
        "group_by",
        "What to break down by, with commas: the words of the filters, at most 4.",
    ));
    all.push(("headings", "`fr` for French headings of CSV and XLSX."));
    if !path.ends_with("/targets") {
        all.push((
            "name",
            "Names of indicators, with commas; all of the route's own when left out.",
        ));
    }
    if path.ends_with("/timeseries") {
        all.push(("interval", "`month`, `quarter` (when left out) or `year`."));
    }
    all
}

/// Parameters that are still to be read.
struct Reading(Vec<(String, String)>);

impl Reading {
    fn new(Parameters(pairs): Parameters) -> Result<Self, BadParameter> {
        for (place, (name, _)) in pairs.iter().enumerate() {
            if pairs[..place].iter().any(|(earlier, _)| earlier == name) {
                return Err(bad(short(name), "x1"));
            }
        }
        Ok(Self(pairs))
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let place = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(place).1)
    }

    fn nothing_left(&self) -> Result<(), BadParameter> {
        self.0.first().map_or(Ok(()), |(name, _)| Err(bad(short(name), "-")))
    }

    /// Words with commas between them.
    fn list(&mut self, name: &str) -> Result<Option<Vec<String>>, BadParameter> {
        let Some(text) = self.take(name) else { return Ok(None) };
        let words: Vec<_> = text.split(',').map(|word| word.trim().to_owned()).collect();
        let fits = |word: &String| !word.is_empty() && word.len() <= WORD_MAX_BYTES;
        if words.len() > MAX_WORDS || !words.iter().all(fits) {
            return Err(bad(name, format!("a,b,... (1..{MAX_WORDS})")));
        }
        Ok(Some(words))
    }

    fn day(&mut self, name: &str) -> Result<Option<NaiveDate>, BadParameter> {
        let Some(text) = self.take(name) else { return Ok(None) };
        let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d");
        day.map(Some).map_err(|_| bad(name, "YYYY-MM-DD"))
    }

    /// Filters, period and moment.
    fn question(&mut self) -> Result<Question, BadParameter> {
        let mut query = AnalyticsQuery::default();
        for dimension in Dimension::ALL {
            if let Some(words) = self.list(dimension.word())? {
                words.iter().try_for_each(|word| check(*dimension, word))?;
                query.filters.push((*dimension, words));
            }
        }
        (query.from, query.to) = (self.day("from")?, self.day("to")?);
        if query.from.zip(query.to).is_some_and(|(from, to)| from > to) {
            return Err(bad("to", "from <= to"));
        }
        let when = self.when()?;
        let (indicators, headings) = (Vec::new(), Language::En);
        Ok(Question { indicators, query, when, headings, cursor: None, limit: None })
    }

    fn when(&mut self) -> Result<When, BadParameter> {
        match (self.take("as_of"), self.take("as_of_position")) {
            (None, None) => Ok(When::Now),
            (Some(time), None) => read_moment(&time)
                .map(When::Time)
                .ok_or_else(|| bad("as_of", "YYYY-MM-DD, RFC 3339")),
            (None, Some(position)) => {
                position.parse().map(When::Position).map_err(|_| bad("as_of_position", "0.."))
            }
            (Some(_), Some(_)) => Err(bad("as_of_position", "as_of | as_of_position")),
        }
    }

    fn group_by(&mut self) -> Result<Vec<Dimension>, BadParameter> {
        let names = self.list("group_by")?.unwrap_or_default();
        let expected = || {
            let known: Vec<_> = Dimension::ALL.iter().map(|dimension| dimension.word()).collect();
            bad("group_by", format!("{} (..{MAX_GROUPS})", known.join(", ")))
        };
        let mut groups = Vec::new();
        for name in names {
            let dimension = Dimension::named(&name).ok_or_else(expected)?;
            if groups.contains(&dimension) || groups.len() == MAX_GROUPS {
                return Err(expected());
            }
            groups.push(dimension);
        }
        Ok(groups)
    }

    fn interval(&mut self) -> Result<Dimension, BadParameter> {
        match self.take("interval").as_deref() {
            None | Some("quarter") => Ok(Dimension::Quarter),
            Some("month") => Ok(Dimension::Month),
            Some("year") => Ok(Dimension::Year),
            Some(_) => Err(bad("interval", "month, quarter, year")),
        }
    }

    fn headings(&mut self) -> Result<Language, BadParameter> {
        match self.take("headings").as_deref() {
            None | Some("en") => Ok(Language::En),
            Some("fr") => Ok(Language::Fr),
            Some(_) => Err(bad("headings", "fr, en")),
        }
    }
}

/// What an asker called a parameter, short and plain enough to be told back.
fn short(name: &str) -> String {
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '_';
    name.chars().filter(is_plain).take(32).collect()
}

/// Refuses a word that a dimension cannot have.
fn check(dimension: Dimension, word: &str) -> Result<(), BadParameter> {
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
        Dimension::Month => {
            let day = NaiveDate::parse_from_str(&format!("{word}-01"), "%Y-%m-%d");
            (day.is_ok(), "YYYY-MM".to_owned())
        }
        Dimension::Office | Dimension::Tag => (true, String::new()),
    };
    if fits { Ok(()) } else { Err(bad(dimension.word(), expected)) }
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

    fn read(query: &str) -> Result<Question, BadParameter> {
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
            assert_eq!(
                read(query).map(drop).map_err(|bad| bad.name),
                Err(name.to_owned()),
                "{query}"
            );
        }
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
