//! Pages of lists: their length, their cursor, and the filters that lists of paths share.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use sira_domain::values::Within;

use super::parameter::FORM;

/// Items of a page at most: what a person works through in a day.
pub const PAGE_MAX: u32 = sira_projections::lists::MAX_PAGE;
/// Items of a page when nothing is said: a screen or two.
pub const PAGE: u32 = 50;

/// Items of a page.
pub type Limit = Within<1, PAGE_MAX>;

/// Items of a page when nothing is said.
#[must_use]
pub fn page_limit() -> Limit {
    Limit::try_new(PAGE.into()).unwrap_or_else(|_| unreachable!("a page is within its own limits"))
}

/// `next_cursor` of the page before. What it says is read with the question that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl JsonSchema for Cursor {
    fn schema_name() -> Cow<'static, str> {
        "Cursor".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{1,512}$", FORM: "next_cursor" })
    }
}

/// Declares the parameters of a list of paths: those that every such list has, and its own.
macro_rules! path_query {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
        pub struct $name {
            /// The programme.
            programme: Option<sira_domain::values::ProgrammeId>,
            /// Region of residence.
            region: Option<sira_domain::reference::RegionCode>,
            /// Office in charge.
            office: Option<sira_domain::values::OfficeCode>,
            $($(#[$field_doc])* pub(super) $field: $kind,)*
            /// Items of the page.
            #[serde(default = "crate::http::contract::paging::page_limit")]
            pub(super) limit: crate::http::contract::paging::Limit,
            /// `next_cursor` of the page before, with the same filters and order.
            #[expect(dead_code, reason = "it is read with the question that it belongs to")]
            cursor: Option<crate::http::contract::paging::Cursor>,
        }

        impl $name {
            /// The filters that every list of paths has.
            fn shared_filters(&self) -> sira_projections::lists::Filters {
                sira_projections::lists::Filters {
                    programme: self.programme.map(|programme| programme.0),
                    region: self.region.map(|region| region.code().to_owned()),
                    office: self.office.as_ref().map(ToString::to_string),
                    ..Default::default()
                }
            }
        }
    };
}
pub(crate) use path_query;
