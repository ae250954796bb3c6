//! Accepting an application: it becomes a registered path.

use std::sync::LazyLock;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sira_domain::identity::{Nina, Phone};
use sira_domain::path::facts::{Sex, WashingtonGroup};
use sira_domain::reference::{Channel, ConsentMethod, EducationLevel, Intake, RegionCode};
use sira_domain::values::{OfficeCode, Text, Within};
use uuid::Uuid;

use super::form::NAME_MAX;
use super::{Told, opened, reached_application};
use crate::commands::form::Form;
use crate::commands::{Answer, Call, CommandError, Commands, FormErrors, in_task};
use crate::keys::{DecidedBy, StoredApplication};

/// What an adviser has asked the person, beyond what the application says.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptForm {
    /// The office that registers, open in the programme.
    office: OfficeCode,
    /// Sex, as recorded for disaggregation.
    sex: Sex,
    /// Year of birth. May be left out when the identity holds the exact date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    birth_year: Option<Within<1900, 2100>>,
    /// Region of residence; that of the application when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    region: Option<RegionCode>,
    /// Cercle of residence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cercle: Option<Text<60>>,
    /// The way in which the person came; the open call when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    intake: Option<Intake>,
    /// The channel of the registration; online when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    channel: Option<Channel>,
    /// Level of education, ISCED 2011.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    education: Option<EducationLevel>,
    /// Washington Group short set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disability: Option<WashingtonGroup>,
    /// True when the person is internally displaced; left out when it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    displaced: Option<bool>,
    /// How consent was given; digitally, with the application, when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    consent_method: Option<ConsentMethod>,
    /// What the person said of themselves since: it goes before what the application says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identity: Option<Details>,
    /// Day of the registration; today when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    occurred_on: Option<NaiveDate>,
}

/// Parts of an identity, each of which may be left out.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "IdentityDetails")]
struct Details {
    /// Family and given names, as the person writes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<Text<NAME_MAX>>,
    /// Phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<Phone>,
    /// National identification number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nina: Option<Nina>,
    /// Exact birth date, when it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    birth_date: Option<NaiveDate>,
    /// Address at which the person can be found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<Text<200>>,
    /// Village, town quarter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    locality: Option<Text<80>>,
}

impl std::fmt::Debug for Details {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Details(..)")
    }
}

/// An acceptance: its form is checked, and what it says is in clear until the command seals it.
#[derive(Debug)]
pub struct Acceptance(AcceptForm);

impl Acceptance {
    /// Reads an acceptance.
    ///
    /// # Errors
    /// Every wrong field.
    pub fn read(body: Value) -> Result<Self, FormErrors> {
        static FORM: LazyLock<Form> = LazyLock::new(Form::of::<AcceptForm>);
        FORM.read(body).map(Self)
    }

    /// The body of the registration: what the adviser says, over what the application says.
    fn registration(self, application: &StoredApplication, told: &Told) -> Map<String, Value> {
        let mut form = self.0;
        let method = form.consent_method.take().map_or("digital", |method| method.code());
        let details = form.identity.take();
        let Value::Object(mut body) = serde_json::to_value(form).unwrap_or_default() else {
            return Map::new();
        };
        let mut identity = json!({ "name": told.name, "phone": told.phone });
        let said = serde_json::to_value(details).unwrap_or_default();
        if let (Some(identity), Value::Object(said)) = (identity.as_object_mut(), said) {
            identity.extend(said);
        }
        let consent =
            json!({ "scope": "programme", "text_version": told.text_version, "method": method });
        for (name, value) in [
            ("programme", json!(application.programme)),
            ("consent", consent),
            ("identity", identity),
            ("own_words", json!(told.idea)),
        ] {
            body.insert(name.to_owned(), value);
        }
        for (name, usual) in
            [("region", application.region.code()), ("intake", "open_call"), ("channel", "online")]
        {
            body.entry(name).or_insert_with(|| usual.into());
        }
        body
    }
}

/// Turns an application into a registered path, as a registration does: one append, of which the first event
/// names the application, and likely duplicates are looked for before it. One that was refused by mistake and is
/// kept still may be accepted too.
///
/// The append is durable first, then the application is destroyed, key and text: its data are in the path. A
/// crash in between leaves both. Whoever accepts it again meets the path, which has the id that the application
/// drew when it came in: nothing is appended, and the application is destroyed; so does the next
/// [`super::sweep()`], if nobody asks again.
///
/// # Errors
/// [`CommandError::NotFound`] out of reach, and of what is destroyed; whatever forbids the registration.
pub async fn accept(
    commands: &Commands,
    id: Uuid,
    acceptance: Acceptance,
    call: Call,
) -> Result<Answer, CommandError> {
    let commands = commands.clone();
    in_task("accept-application", async move {
        let found = reached_application(&commands, &call.scope, id).await?;
        let actor = call.actor.clone();
        let answer = if let Some(answer) = commands.accepted(found.path, &call).await? {
            answer
        } else {
            let told = opened(&commands, &found).await?.ok_or(CommandError::NotFound)?;
            let body = acceptance.registration(&found, &told);
            commands.register_application(found.path, id, body, call).await?
        };
        let by = DecidedBy { actor: actor.as_str(), at: commands.clock().now() };
        if found.sealed.is_some() {
            commands.keys().destroy_accepted(&found, by).await?;
        }
        Ok(answer)
    })
    .await
}
