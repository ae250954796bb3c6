//! Typed codes of closed lists.

/// A text that is no code of its list. The text itself is not kept: it may be personal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown_code({allowed})")]
pub struct UnknownCode {
    /// The name of the list that was asked.
    pub list: &'static str,
    /// The codes that it has.
    pub allowed: String,
}

/// Conversions of a type with `list_name`, `try_new` and `code`.
macro_rules! code_conversions {
    ($name:ident) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.code())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.code())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::reference::UnknownCode;

            fn from_str(code: &str) -> Result<Self, Self::Err> {
                Self::all().find(|known| known.code() == code).ok_or_else(|| $crate::reference::UnknownCode {
                    list: Self::LIST,
                    allowed: Self::all().map(|known| known.code()).collect::<Vec<_>>().join(", "),
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.code())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let code = std::borrow::Cow::<str>::deserialize(deserializer)?;
                code.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let codes: Vec<_> = Self::all().map(|known| known.code()).collect();
                schemars::json_schema!({ "type": "string", "enum": codes })
            }
        }
    };
}
pub(super) use code_conversions;

/// A typed code of a closed list.
macro_rules! code_list {
    ($(#[$doc:meta])* $name:ident, $list:literal) => {
        $(#[$doc])*
        ///
        /// One code of its list; the labels come with it.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(&'static Entry);

        impl $name {
            const LIST: &'static str = $list;

            /// The code as a text.
            #[must_use]
            pub const fn code(&self) -> &'static str {
                self.0.code
            }

            /// The label in `language`.
            #[must_use]
            pub const fn label(&self, language: Language) -> &'static str {
                self.0.label(language)
            }

            /// Every code of the list.
            pub fn all() -> impl Iterator<Item = Self> {
                list($list).iter().map(Self)
            }
        }

        code::code_conversions!($name);
    };
}
pub(super) use code_list;
