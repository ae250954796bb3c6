//! Help and wrong use, in the language of whoever types.
//!
//! A help text stands once, as the doc comment of its argument: the English, ` / `, the French. What the
//! parser itself says (headings, defaults, what is wrong with an argument) is said here in both.

use std::error::Error;
use std::ffi::OsString;
use std::str::FromStr;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command};
use sira_domain::reference::{Language, UnknownCode};
use sira_domain::role::{NotARole, Role};
use sira_domain::values::ValueError;

use crate::commands::FieldError;
use crate::evidence::NoteError;
use crate::say::Say;

/// Between the English and the French of a help text.
const BETWEEN: &str = " / ";

/// The language that some words of a command line ask for, or else the environment: it is needed before
/// they are parsed, since what is wrong with them is said in it.
pub fn language_of(words: &[OsString]) -> Language {
    let mut words = words.iter().filter_map(|word| word.to_str()).take_while(|word| *word != "--");
    let mut asked = None;
    while let Some(word) = words.next() {
        if word == "--lang" {
            asked = words.next();
        } else if let Some(language) = word.strip_prefix("--lang=") {
            asked = Some(language);
        }
    }
    let set = std::env::var("SIRA_LANG").ok();
    asked.or(set.as_deref()).and_then(|word| word.parse().ok()).unwrap_or_default()
}

/// The command line with its help in one language.
pub fn in_language(command: Command, language: Language) -> Command {
    let mut command = worded(command, Say(language));
    if language == Language::Fr {
        // The command `help` is there once the rest is built.
        command.build();
        command = with_help_worded(command);
    }
    command
}

fn worded(command: Command, say: Say) -> Command {
    let about = command.get_about().map(|about| side(&about.to_string(), say));
    let command = match about {
        Some(about) => command.about(about),
        None => command,
    };
    let command = command.mut_args(|argument| argument_worded(argument, say));
    let command = command.mut_subcommands(|one| worded(one, say));
    match say.0 {
        Language::Fr => in_french(command),
        Language::En => command,
    }
}

/// The side of a help text that is in a language.
fn side(text: &str, say: Say) -> String {
    let (en, fr) = text.split_once(BETWEEN).unwrap_or((text, text));
    let side = say.pick(fr, en);
    side.strip_suffix('.').unwrap_or(side).to_owned()
}

fn argument_worded(argument: Arg, say: Say) -> Arg {
    let mut help = argument.get_help().map(|help| side(&help.to_string(), say)).unwrap_or_default();
    if say.0 == Language::En || !argument.get_action().takes_values() {
        return argument.help(help);
    }
    let defaults: Vec<_> =
        argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if !defaults.join("").is_empty() {
        help = format!("{help} [défaut : {}]", defaults.join(", "));
    }
    let possible = argument.get_possible_values();
    let possible: Vec<_> = possible.iter().map(clap::builder::PossibleValue::get_name).collect();
    if !possible.is_empty() {
        help = format!("{help} [valeurs possibles : {}]", possible.join(", "));
    }
    argument.hide_default_value(true).hide_possible_values(true).help(help)
}

/// What the parser adds to a command's help: its headings, and the flags that ask for help and version.
fn in_french(command: Command) -> Command {
    let styles = command.get_styles().clone();
    let heading = |text: &str| format!("{0}{text}{0:#}", styles.get_header());
    let usage = |text: &str| format!("{0}{text}{0:#}", styles.get_usage());
    let mut template = format!("{{about-with-newline}}\n{} {{usage}}", usage("Utilisation :"));
    if command.has_subcommands() {
        template = format!("{template}\n\n{}\n{{subcommands}}", heading("Commandes :"));
    }
    if command.get_positionals().next().is_some() {
        template = format!("{template}\n\n{}\n{{positionals}}", heading("Arguments :"));
    }
    template = format!("{template}\n\n{}\n{{options}}", heading("Options :"));
    let is_root = command.get_version().is_some();
    let flag = |name: &'static str, action, about: &'static str| {
        let short = if name == "help" { 'h' } else { 'V' };
        Arg::new(name).short(short).long(name).action(action).help(about)
    };
    let command = command
        .subcommand_value_name("COMMANDE")
        .help_template(template)
        .disable_help_flag(true)
        .arg(flag("help", ArgAction::Help, "Affiche l'aide"));
    if is_root {
        let version = flag("version", ArgAction::Version, "Affiche la version");
        return command.disable_version_flag(true).arg(version);
    }
    command
}

fn with_help_worded(command: Command) -> Command {
    command.mut_subcommands(|one| {
        if one.get_name() == "help" {
            one.about("Affiche cette aide, ou celle de la commande nommée")
        } else {
            with_help_worded(one)
        }
    })
}

/// What is wrong with a command line; none for what is no error, or for help that is shown instead of one.
pub fn wrong_use(error: &clap::Error, say: Say) -> Option<String> {
    let what = what_is_wrong(error, say)?;
    let mut told = format!("{} {what}\n", say.pick("erreur :", "error:"));
    let near =
        [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue]
            .into_iter()
            .find_map(|kind| error.get(kind));
    if let Some(near) = near {
        told = format!("{told}\n{} {near}\n", say.pick("Peut-être :", "Perhaps:"));
    }
    if let Some(usage) = error.get(ContextKind::Usage) {
        let usage = usage.to_string();
        let usage = usage.trim().trim_start_matches("Usage: ");
        told = format!("{told}\n{} {usage}\n", say.pick("Utilisation :", "Usage:"));
    }
    let more =
        say.pick("Pour plus d'aide, essayez « --help ».", "For more information, try '--help'.");
    Some(format!("{told}\n{more}\n"))
}

fn what_is_wrong(error: &clap::Error, say: Say) -> Option<String> {
    let told = of_value(error, say).or_else(|| of_arguments(error));
    told.map(|(fr, en)| say.pick(&fr, &en).to_owned())
}

fn text_of(error: &clap::Error, kind: ContextKind) -> String {
    error.get(kind).map(ToString::to_string).unwrap_or_default()
}

/// What is wrong with the value of an argument, in French and in English.
fn of_value(error: &clap::Error, say: Say) -> Option<(String, String)> {
    let argument = text_of(error, ContextKind::InvalidArg);
    let value = text_of(error, ContextKind::InvalidValue);
    Some(match error.kind() {
        ErrorKind::InvalidValue if value.is_empty() => (
            format!("« {argument} » demande une valeur"),
            format!("a value is required for '{argument}' but none was supplied"),
        ),
        ErrorKind::InvalidValue => {
            let possible = text_of(error, ContextKind::ValidValue);
            (
                format!(
                    "« {value} » ne va pas pour « {argument} » ; valeurs possibles : {possible}"
                ),
                format!("invalid value '{value}' for '{argument}'; possible values: {possible}"),
            )
        }
        ErrorKind::ValueValidation => {
            let rule = error.source().map(|cause| rule_of(cause, say)).unwrap_or_default();
            (
                format!("« {value} » ne va pas pour « {argument} » : {rule}"),
                format!("invalid value '{value}' for '{argument}': {rule}"),
            )
        }
        ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => (
            format!("« {argument} » n'a pas le nombre de valeurs attendu"),
            format!("'{argument}' has not the number of values that it takes"),
        ),
        ErrorKind::NoEquals => (
            format!("« {argument} » demande un signe égal devant sa valeur"),
            format!("equal sign is needed when assigning values to '{argument}'"),
        ),
        _ => return None,
    })
}

/// What is wrong with which arguments there are, in French and in English.
fn of_arguments(error: &clap::Error) -> Option<(String, String)> {
    let argument = text_of(error, ContextKind::InvalidArg);
    let command = text_of(error, ContextKind::InvalidSubcommand);
    Some(match error.kind() {
        ErrorKind::UnknownArgument => (
            format!("argument inconnu : « {argument} »"),
            format!("unexpected argument '{argument}' found"),
        ),
        ErrorKind::InvalidSubcommand => (
            format!("commande inconnue : « {command} »"),
            format!("unrecognized subcommand '{command}'"),
        ),
        ErrorKind::MissingSubcommand => {
            let known = text_of(error, ContextKind::ValidSubcommand);
            (
                format!("il manque une commande, parmi : {known}"),
                format!("a command is missing, one of: {known}"),
            )
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = lines_of(error.get(ContextKind::InvalidArg));
            (
                format!("il manque :{missing}"),
                format!("the following required arguments were not provided:{missing}"),
            )
        }
        ErrorKind::ArgumentConflict => conflict(&argument, error.get(ContextKind::PriorArg)),
        ErrorKind::InvalidUtf8 => {
            ("un argument n'est pas en UTF-8".to_owned(), "an argument is not UTF-8".to_owned())
        }
        _ => return None,
    })
}

fn conflict(argument: &str, other: Option<&ContextValue>) -> (String, String) {
    if other.is_some_and(|other| other.to_string() == argument) {
        return (
            format!("« {argument} » ne se donne qu'une fois"),
            format!("the argument '{argument}' cannot be used multiple times"),
        );
    }
    let others = lines_of(other);
    (
        format!("« {argument} » ne va pas avec :{others}"),
        format!("the argument '{argument}' cannot be used with:{others}"),
    )
}

/// Arguments, one a line.
fn lines_of(value: Option<&ContextValue>) -> String {
    let names = match value {
        Some(ContextValue::Strings(names)) => names.clone(),
        Some(other) => vec![other.to_string()],
        None => Vec::new(),
    };
    names.iter().flat_map(|name| ["\n  ", name]).collect()
}

/// The rule that a value breaks, in words; a parser's own for what is known to no type of ours.
fn rule_of(cause: &(dyn Error + 'static), say: Say) -> String {
    type UrlError = <reqwest::Url as FromStr>::Err;
    if let Some(error) = cause.downcast_ref::<ValueError>() {
        FieldError::of_value("", error).detail(say.0)
    } else if let Some(UnknownCode { allowed, .. }) = cause.downcast_ref() {
        format!("{} {allowed}", say.pick("valeurs possibles :", "possible values:"))
    } else if cause.is::<NoteError>() {
        say.pick(
            "une clé de vérification (nom+id+clé) est attendue",
            "a verifier key (name+id+key) is expected",
        )
        .to_owned()
    } else if cause.is::<NotARole>() {
        let roles: Vec<_> = Role::ALL.iter().map(|role| role.word()).collect();
        format!("{} {}", say.pick("valeurs possibles :", "possible values:"), roles.join(", "))
    } else if cause.is::<uuid::Error>() {
        say.pick("un identifiant (UUID) est attendu", "an id (UUID) is expected").to_owned()
    } else if cause.is::<chrono::ParseError>() {
        say.pick("une date AAAA-MM-JJ est attendue", "a date YYYY-MM-DD is expected").to_owned()
    } else if cause.is::<std::num::ParseIntError>() {
        say.pick("un nombre entier est attendu", "a whole number is expected").to_owned()
    } else if cause.is::<UrlError>() {
        say.pick("une adresse est attendue", "an address is expected").to_owned()
    } else {
        let form = cause.to_string();
        let known = FORMS.iter().find(|(en, _)| *en == form);
        known.map_or(form.clone(), |(en, fr)| say.pick(fr, en).to_owned())
    }
}

/// Forms that a parser of ours asks for, in English and in French.
const FORMS: &[(&str, &str)] = &[
    ("YYYY-MM-DD", "AAAA-MM-JJ"),
    ("YYYY-MM-DD, RFC 3339", "AAAA-MM-JJ, RFC 3339"),
    ("NAME=VALUE", "NOM=VALEUR"),
];
