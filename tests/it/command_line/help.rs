//! The help of every command.

use std::process::Command;

use super::LANGUAGES;

/// What a line begins with that says more of what stands above it.
const FAR_IN: &str = "          ";

/// The help of a command as somebody reads it who has set nothing.
fn help(words: &[String], language: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sira"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SIRA_")) {
        command.env_remove(name);
    }
    let output = command.args(words).args(["--help", "--lang", language]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that a help lists, but for the one that gives help.
fn listed(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| !line.starts_with("Comm")).skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    // A line that goes on begins further in.
    let heads = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = heads.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// The flag of the option that a line describes.
fn flag(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let words = line.split(|letter: char| letter.is_whitespace() || letter == ',');
    line.starts_with('-').then(|| words.into_iter().find(|word| word.starts_with("--")))?
}

/// A help without the options that every command takes, which that of the program itself tells.
fn own_part(help: &str, root: &str) -> String {
    let general: Vec<&str> = root.lines().filter_map(flag).collect();
    let mut is_general = false;
    let own = help.lines().filter(|line| {
        // What is said of an option stands below it, further in.
        if !line.starts_with(FAR_IN) {
            is_general = flag(line).is_some_and(|flag| general.contains(&flag));
        }
        !is_general
    });
    own.flat_map(|line| [line.trim_end(), "\n"]).collect()
}

#[test]
fn every_command_tells_what_it_does_in_the_language_asked_for() {
    for language in LANGUAGES {
        let root = help(&[], language);
        let mut told = format!("$ sira --help\n{root}");
        let mut left: Vec<Vec<String>> =
            listed(&root).into_iter().rev().map(|name| vec![name]).collect();
        assert!(left.len() > 15, "{root}");
        while let Some(words) = left.pop() {
            let help = help(&words, language);
            told = format!("{told}\n$ sira {} --help\n{}", words.join(" "), own_part(&help, &root));
            for name in listed(&help).into_iter().rev() {
                left.push([words.clone(), vec![name]].concat());
            }
        }
        insta::assert_snapshot!(format!("help_{language}"), told);
    }
}

/// A text that stands in one language alone would be shown to readers of the other.
#[test]
fn no_help_text_is_the_same_in_both_languages() {
    let texts = |language| -> Vec<String> {
        let root = help(&[], language);
        let commands = listed(&root).into_iter().map(|name| vec![name]);
        let mut texts = Vec::new();
        for words in std::iter::once(Vec::new()).chain(commands) {
            let help = help(&words, language);
            // What stands behind two spaces is said of what stands before them.
            let said = help.lines().filter_map(|line| match line.strip_prefix(FAR_IN) {
                Some(text) => Some(text),
                None => line.trim().split_once("  ").map(|(_, text)| text),
            });
            texts.extend(said.map(|text| text.trim().to_owned()));
        }
        texts
    };
    let (french, english) = (texts("fr"), texts("en"));
    assert!(french.len() > 100, "{}", french.len());
    let both: Vec<_> = french.iter().filter(|text| english.contains(text)).collect();
    assert!(both.is_empty(), "{both:#?}");
}
