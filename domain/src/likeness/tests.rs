use super::*;

/// A person in one line: name, year or day of birth, region, locality, phone, national id; `-` is nothing.
fn profile(line: &str) -> PersonProfile {
    let fields: Vec<_> = line.split('|').map(str::trim).collect();
    let [name, born, region, locality, phone, nina] = fields[..] else { panic!("{line}") };
    let text = |field: &str| (field != "-").then(|| field.to_owned());
    let (year, day) = (&born[..4], (born.len() > 4).then_some(born));
    let identity = serde_json::json!({
        "name": name, "birth_date": day, "locality": text(locality), "phone": text(phone),
        "nina": text(nina),
    });
    let identity: Identity = serde_json::from_value(identity).unwrap();
    PersonProfile::new(&identity, year.parse().unwrap(), region.parse().ok())
}

/// Pairs that are one person: the two, the least score, the reasons.
const ALIKE: &[(&str, &str, u8, &[Reason])] = {
    use Reason::{NameBirthDate, NameBirthLocality, NationalId, Phone, RareName};
    &[
        // One national id, whatever else is told.
        (
            "Moussa Traoré|1990|segou|Boussin|-|19901020304056K",
            "M. Taraoré|1985|mopti|-|-|19901020304056K",
            100,
            &[NationalId],
        ),
        // Spelling, order and accents.
        (
            "Fatoumata Coulibaly|1995|segou|Boussin|-|-",
            "KOULIBALI Fatimata|1995|segou|BOUSSIN|-|-",
            90,
            &[NameBirthLocality],
        ),
        (
            "Djénéba Cissé|1995|segou|Boussin|-|-",
            "Jeneba Sisse|1996|segou|Boussin|-|-",
            85,
            &[NameBirthLocality],
        ),
        (
            "Amadou Ouattara|2000|sikasso|Kadiolo|-|-",
            "Wattara Ahmadou|1999|sikasso|Kadiolo|-|-",
            85,
            &[NameBirthLocality],
        ),
        // A middle name more.
        (
            "Mariam Sissoko|1998|kayes|Kita|-|-",
            "Mariam Fanta Cissokho|1998|kayes|Kita|-|-",
            90,
            &[NameBirthLocality],
        ),
        // Told in two regions, one village: the regions' list changed in between.
        (
            "Oumar Keïta|1992|segou|Tominian|-|-",
            "Omar Keita|1992|san|Tominian|-|-",
            90,
            &[NameBirthLocality],
        ),
        // No village told, one region.
        (
            "Bakary Diarra|1991|segou|-|-|-",
            "Boubacar Jara|1991|segou|Boussin|-|-",
            60,
            &[NameBirthLocality],
        ),
        // A slip of the pen in a long name.
        (
            "Moussa Doumbouyakoro|1991|segou|Boussin|-|-",
            "Moussa Doumbouyakora|1991|segou|Boussin|-|-",
            85,
            &[NameBirthLocality],
        ),
        // One phone and one name, but moved.
        (
            "Awa Touré|1993|segou|Boussin|70000001|-",
            "Hawa Ture|1994|mopti|Djenné|70 00 00 01|-",
            90,
            &[Phone],
        ),
        (
            "Awa Touré|1993|segou|Boussin|70000001|-",
            "Hawa Ture|1993|segou|Boussin|70 00 00 01|-",
            95,
            &[Phone, NameBirthLocality],
        ),
        // A slip of the pen in a short name, in one village.
        (
            "Fanta Koné|1993|segou|Boussin|-|-",
            "Fanta Konr|1993|segou|Boussin|-|-",
            80,
            &[NameBirthLocality],
        ),
        (
            "Mariam Dembélé|1993|segou|Boussin|-|-",
            "Mairam Dembélé|1993|segou|Boussin|-|-",
            80,
            &[NameBirthLocality],
        ),
        // The same without a village, in one region.
        (
            "Mariam Dembélé|1993|segou|-|-|-",
            "Mariam Dembéké|1993|segou|Boussin|-|-",
            50,
            &[NameBirthLocality],
        ),
        // One day of birth: moved to another region; with a slip besides.
        (
            "Awa Touré|1993-03-12|segou|Boussin|-|-",
            "Hawa Ture|1993-03-12|mopti|Djenné|-|-",
            60,
            &[NameBirthDate],
        ),
        (
            "Awa Touré|1993-03-12|segou|Boussin|-|-",
            "Awa Toude|1993-03-12|mopti|Djenné|-|-",
            50,
            &[NameBirthDate],
        ),
        // Day and month in each other's place; a wrong digit in the year.
        (
            "Awa Touré|1993-03-12|segou|Boussin|-|-",
            "Awa Touré|1993-12-03|segou|Boussin|-|-",
            95,
            &[NameBirthLocality],
        ),
        (
            "Awa Touré|1993-03-12|segou|Boussin|-|-",
            "Awa Touré|1963-03-12|segou|Boussin|-|-",
            95,
            &[NameBirthLocality],
        ),
        // The first of January says the year, and no day.
        (
            "Awa Touré|1993-01-01|segou|Boussin|-|-",
            "Awa Touré|1993-03-12|segou|Boussin|-|-",
            90,
            &[NameBirthLocality],
        ),
        // A name that few bear, in two villages of one year.
        (
            "Zoumbalé Imaginaire|1993|segou|Boussin|-|-",
            "Zoumbalé Imaginaire|1993|mopti|Djenné|-|-",
            40,
            &[RareName],
        ),
        // Written in one word.
        (
            "Cheick Oumar Sow|1993|segou|Boussin|-|-",
            "Cheickoumar Sow|1993|segou|Boussin|-|-",
            80,
            &[NameBirthLocality],
        ),
        // One phone and one day, under another name.
        (
            "Awa Touré|1993-03-12|segou|Boussin|70000001|-",
            "Rokia Diarra|1993-03-12|segou|Boussin|70000001|-",
            60,
            &[Phone],
        ),
        // A national id with one wrong digit does not speak against.
        (
            "Awa Touré|1993|segou|Boussin|-|19901020304056K",
            "Awa Touré|1993|segou|Boussin|-|19901020304057K",
            95,
            &[NameBirthLocality],
        ),
    ]
};

/// Pairs that are two people: at most a phone in common.
const APART: &[(&str, &str, u8, &[Reason])] = {
    use Reason::Phone;
    &[
        // Rows of an anonymous file: nothing but a number tells them apart.
        ("NSW 114|1950|bamako|-|-|-", "NSW 115|1950|bamako|-|-|-", 0, &[]),
        ("Personne 44|1950|bamako|-|-|-", "Personne 4|1950|bamako|-|-|-", 0, &[]),
        // Siblings: one family name, village and phone.
        (
            "Moussa Traoré|1990|segou|Boussin|70000001|-",
            "Issa Traoré|1994|segou|Boussin|70000001|-",
            30,
            &[Phone],
        ),
        ("Moussa Traoré|1990|segou|Boussin|-|-", "Issa Traoré|1990|segou|Boussin|-|-", 0, &[]),
        ("Amadou Diarra|1990|segou|Boussin|-|-", "Mamadou Diarra|1990|segou|Boussin|-|-", 0, &[]),
        ("Mohamed Diarra|1990|segou|Boussin|-|-", "Mamadou Diarra|1990|segou|Boussin|-|-", 0, &[]),
        // Twins.
        (
            "Adama Koné|1990|segou|Boussin|70000001|-",
            "Hawa Koné|1990|segou|Boussin|70000001|-",
            30,
            &[Phone],
        ),
        (
            "Adama Koné|1990-05-06|segou|Boussin|70000001|-",
            "Hawa Koné|1990-05-06|segou|Boussin|70000001|-",
            30,
            &[Phone],
        ),
        // A shop's phone.
        (
            "Adama Koné|1990|segou|Boussin|70000001|-",
            "Rokia Diarra|1980|mopti|Djenné|70000001|-",
            40,
            &[Phone],
        ),
        // Namesakes of one village and year, born on two days.
        (
            "Moussa Traoré|1990-02-03|segou|Boussin|-|-",
            "Moussa Traoré|1990-09-17|segou|Boussin|-|-",
            0,
            &[],
        ),
        // Two names, though one letter apart.
        ("Awa Koné|1990|segou|Boussin|-|-", "Aya Koné|1990|segou|Boussin|-|-", 0, &[]),
        // Namesakes: other year, other village, other region.
        ("Moussa Traoré|1990|segou|Boussin|-|-", "Moussa Traoré|1993|segou|Boussin|-|-", 0, &[]),
        ("Moussa Traoré|1990|segou|Boussin|-|-", "Moussa Traoré|1990|segou|Katiena|-|-", 0, &[]),
        ("Moussa Traoré|1990|segou|-|-|-", "Moussa Traoré|1990|mopti|-|-|-", 0, &[]),
        // Namesakes with national ids of their own.
        (
            "Moussa Traoré|1990|segou|Boussin|-|19901020304056K",
            "Moussa Traoré|1990|segou|Boussin|-|19905554443322B",
            0,
            &[],
        ),
        // A given name alone says nothing.
        ("Moussa|1990|segou|Boussin|-|-", "Moussa Traoré|1990|segou|Boussin|-|-", 0, &[]),
    ]
};

#[test]
fn one_person_is_found_whatever_the_spelling() {
    for (one, other, least, reasons) in ALIKE {
        let found = likeness(&profile(one), &profile(other));
        assert!(found.score >= *least && found.is_proposed(), "{one} / {other}: {found:?}");
        assert_eq!(found.reasons, *reasons, "{one} / {other}");
    }
}

#[test]
fn two_people_are_not_taken_for_one() {
    for (one, other, score, reasons) in APART {
        let found = likeness(&profile(one), &profile(other));
        assert_eq!((found.score, &*found.reasons), (*score, *reasons), "{one} / {other}");
    }
}

#[test]
fn likeness_is_the_same_both_ways() {
    for (one, other, ..) in ALIKE.iter().chain(APART) {
        let (one, other) = (profile(one), profile(other));
        assert_eq!(likeness(&one, &other), likeness(&other, &one));
    }
}

/// The index only finds what shares a term: whatever is proposed must.
#[test]
fn whoever_is_alike_shares_a_term() {
    for (one, other, ..) in ALIKE {
        let (one, other) = (profile(one), profile(other));
        for (stored, sought) in [(one.terms(), other.sought()), (other.terms(), one.sought())] {
            let shares = stored.names.iter().any(|term| sought.names.contains(term))
                || stored.births.iter().any(|term| sought.births.contains(term))
                || stored.parts.iter().any(|term| sought.parts.contains(term))
                || (stored.phone.is_some() && stored.phone == sought.phone)
                || (stored.national_id.is_some() && stored.national_id == sought.national_id);
            assert!(shares, "{stored:?}");
        }
    }
}

#[test]
fn terms_are_few_and_selective() {
    let long =
        profile("Un Deux Trois Quatre Cinq Six|1990-03-12|segou|Boussin|70000001|19901020304056K");
    let count = |terms: &Terms| terms.names.len() + terms.births.len() + terms.parts.len();
    assert!(count(&long.terms()) <= 52, "{}", count(&long.terms()));
    assert!(count(&long.sought()) <= 90, "{}", count(&long.sought()));
    let usual = profile("Moussa Traoré|1990-03-12|segou|Boussin|-|-");
    assert_eq!((count(&usual.terms()), count(&usual.sought())), (12, 18));
    let one = profile("Moussa Traoré|1990|segou|-|-|-");
    let brother = profile("Issa Traoré|1990|segou|-|-|-");
    assert!(one.terms().names.iter().all(|term| !brother.sought().names.contains(term)));
}

#[test]
fn a_profile_shows_nobody() {
    let one = profile("Personne Inventée|1990|segou|Boussin|70000001|-");
    assert_eq!(format!("{one:?} {:?}", one.terms()), "PersonProfile(..) Terms(..)");
}
