//! The figures of the model: who comes, from where, how many get how far, how much and how long. From
//! public reports on programmes of this kind; where none was found, what is usual.

/// A region by its weight: thousands of people times how well the programme reaches them; how hard it
/// is there (0 south, 1 centre, 2 north); and how many offices it has.
pub(crate) struct Place {
    pub region: &'static str,
    pub weight: u64,
    pub hardship: u32,
    pub offices: u32,
}

const fn place(region: &'static str, weight: u64, hardship: u32, offices: u32) -> Place {
    Place { region, weight, hardship, offices }
}

/// Every region and the District.
pub(crate) const PLACES: [Place; 20] = [
    place("bamako", 5_496, 0, 3),
    place("kayes", 1_840, 0, 2),
    place("koulikoro", 2_255, 0, 2),
    place("sikasso", 1_533, 0, 2),
    place("segou", 2_455, 0, 2),
    place("mopti", 468, 1, 1),
    place("tombouctou", 390, 2, 1),
    place("gao", 291, 2, 1),
    place("kidal", 32, 2, 1),
    place("taoudenit", 40, 2, 1),
    place("menaka", 120, 2, 1),
    place("nioro", 678, 0, 1),
    place("kita", 682, 0, 1),
    place("dioila", 700, 0, 1),
    place("nara", 300, 0, 1),
    place("bougouni", 1_571, 0, 1),
    place("koutiala", 1_170, 0, 1),
    place("san", 800, 0, 1),
    place("douentza", 100, 1, 1),
    place("bandiagara", 400, 1, 1),
];

/// Age at registration, by weight: from, to.
pub(crate) const AGES: [(u64, (u64, u64)); 7] = [
    (20, (15, 17)),
    (340, (18, 24)),
    (310, (25, 29)),
    (220, (30, 35)),
    (50, (36, 40)),
    (50, (41, 45)),
    (10, (46, 55)),
];

/// Education, by weight.
pub(crate) const EDUCATION: [(u64, &str); 8] =
    [(25, "0"), (24, "1"), (20, "2"), (22, "3"), (2, "4"), (2, "5"), (3, "6"), (2, "7")];

/// How people come, by weight.
pub(crate) const INTAKES: [(u64, &str); 3] =
    [(62, "open_call"), (28, "facilitator"), (10, "training_body")];
/// How they are registered, by weight.
pub(crate) const CHANNELS: [(u64, &str); 5] =
    [(58, "office"), (26, "outreach"), (8, "phone"), (5, "partner"), (3, "online")];
/// How consent is given, by weight.
pub(crate) const CONSENTS: [(u64, &str); 4] =
    [(55, "written"), (25, "thumbprint"), (15, "oral_witness"), (5, "digital")];
/// Why people leave, by weight.
pub(crate) const EXITS: [(u64, &str); 11] = [
    (20, "lost_interest"),
    (16, "unreachable"),
    (12, "moved"),
    (11, "salaried_job"),
    (10, "distance_cost"),
    (9, "pregnancy_childcare"),
    (7, "back_to_school"),
    (6, "illness"),
    (4, "family_opposition"),
    (3, "insecurity"),
    (2, "other"),
];
/// Why businesses close, by weight.
pub(crate) const CLOSURES: [(u64, &str); 8] = [
    (24, "no_market"),
    (20, "cash_diverted"),
    (15, "input_prices"),
    (12, "drought_flood"),
    (9, "theft_fire"),
    (8, "debt"),
    (7, "health"),
    (5, "insecurity"),
];
/// Why paths pause, by weight.
pub(crate) const PAUSES: [(u64, &str); 5] = [
    (30, "season"),
    (25, "pregnancy_childcare"),
    (20, "illness"),
    (15, "displaced"),
    (10, "insecurity"),
];
/// What grievances are about, by weight.
pub(crate) const GRIEVANCES: [(u64, &str); 6] = [
    (59, "selection"),
    (20, "payment_delay"),
    (10, "training"),
    (5, "staff"),
    (5, "other"),
    (1, "sea_sh"),
];
/// How payments are made, by weight.
pub(crate) const PAYMENTS: [(u64, &str); 3] =
    [(70, "mobile_money"), (20, "bank_transfer"), (10, "cash_signature")];
/// Instruments, by weight.
pub(crate) const INSTRUMENTS: [(u64, &str); 4] =
    [(36, "grant"), (30, "kit"), (31, "loan"), (3, "guarantee")];
/// Legal forms, by weight.
pub(crate) const FORMS: [(u64, &str); 5] =
    [(55, "individual"), (30, "informal"), (7, "gie"), (6, "cooperative"), (2, "sarl")];
/// What people want to do: sector and title, by weight.
pub(crate) const IDEAS: [(u64, (&str, &str)); 16] = [
    (12, ("A", "Maraîchage de contre-saison")),
    (10, ("A", "Aviculture")),
    (8, ("A", "Embouche ovine")),
    (4, ("A", "Pisciculture")),
    (9, ("C", "Transformation du karité")),
    (6, ("C", "Séchage de mangues")),
    (5, ("C", "Savonnerie")),
    (8, ("C", "Couture et teinture")),
    (5, ("C", "Menuiserie métallique")),
    (4, ("C", "Boulangerie")),
    (10, ("G", "Commerce de céréales")),
    (4, ("G", "Atelier de mécanique moto")),
    (6, ("I", "Restauration")),
    (3, ("H", "Transport en tricycle")),
    (3, ("J", "Studio photo et secrétariat")),
    (3, ("F", "Briques et maçonnerie")),
];
/// What is noted.
pub(crate) const NOTES: [&str; 6] = [
    "Dossier à compléter : copie de la pièce d'identité.",
    "La personne souhaite être appelée en fin de journée.",
    "Emplacement de l'activité visité, il convient.",
    "A besoin d'un appui pour tenir le cahier de caisse.",
    "Absence annoncée pendant les travaux des champs.",
    "Accord de la famille confirmé.",
];
/// What is written in grievances.
pub(crate) const COMPLAINTS: [&str; 4] = [
    "Je ne comprends pas pourquoi mon projet n'a pas été retenu.",
    "La somme promise n'est pas encore arrivée.",
    "La formation était trop loin de chez moi.",
    "Personne n'a répondu à mes appels.",
];
/// Women's share at registration, in thousandths: in the first year, and what each year adds.
pub(crate) const WOMEN: (u64, u64) = (400, 18);
/// Months after the start by which so many of a thousand businesses have closed, in the south; in the
/// centre and the north a hundred more have by the end.
pub(crate) const DEATHS: [(u32, u64); 3] = [(6, 80), (12, 170), (24, 320)];
