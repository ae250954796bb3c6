//! Configuration: flags, then environment, then `sira.toml`; the defaults run.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::evidence::EvidenceConfig;
use crate::http::{RateLimits, TrustedProxies};
use crate::oidc::{OidcConfig, OidcConfigError};

/// Longest public address: a code of it is read from a sheet of paper by any phone.
const PUBLIC_URL_MAX_BYTES: usize = 200;

/// What `sira.toml` may say. Secrets are taken from the environment or their own files, never from
/// here.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConfigFile {
    /// Journal: `sqlite:PATH` or `postgres://...`.
    pub database_url: Option<String>,
    /// Key store: `sqlite:PATH` or `postgres://...`.
    pub keys_database_url: Option<String>,
    /// Read side: `sqlite:PATH` or `postgres://...`.
    pub read_database_url: Option<String>,
    /// Documents: a folder, or `s3://bucket/prefix`.
    pub documents_url: Option<String>,
    /// Address to listen on.
    pub listen: Option<String>,
    /// Address under which people reach the server, such as `https://sira.example.org`.
    pub public_url: Option<String>,
    /// Directory of the embedded databases and the keys.
    pub data_dir: Option<PathBuf>,
    /// Memory for the states of recent streams, in MiB.
    pub cache_mib: Option<u64>,
    /// Requests a minute of one token; 0 is no limit.
    pub rate_limit_token: Option<u32>,
    /// Requests a minute of one address; 0 is no limit.
    pub rate_limit_address: Option<u32>,
    /// Tokens that are none, a minute, from one address; 0 is no limit.
    pub rate_limit_failures: Option<u32>,
    /// Addresses and networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<String>,
    /// An issuer that is trusted beside our own tokens.
    pub oidc: Option<OidcConfig>,
    /// Where spans are sent: the base URL of an OTLP collector, such as `http://127.0.0.1:4318`.
    pub otlp_endpoint: Option<String>,
    /// The log's name and its witnesses.
    pub evidence: EvidenceConfig,
}

/// What the command line and the environment say.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ConfigArgs {
    /// Journal: `sqlite:PATH` or `postgres://...` [default: sqlite under the data directory] / Journal :
    /// `sqlite:CHEMIN` ou `postgres://...` [défaut : sqlite dans le dossier de données]
    #[arg(long, env = "SIRA_DATABASE_URL", global = true, hide_env_values = true)]
    pub database_url: Option<String>,
    /// Key store, apart from the journal: `sqlite:PATH` or `postgres://...` / Magasin de clés, à part du
    /// journal : `sqlite:CHEMIN` ou `postgres://...`
    #[arg(long, env = "SIRA_KEYS_DATABASE_URL", global = true, hide_env_values = true)]
    pub keys_database_url: Option<String>,
    /// Read side: `sqlite:PATH` or `postgres://...` [default: sqlite under the data directory, or the
    /// journal's own server] / Base de lecture : `sqlite:CHEMIN` ou `postgres://...` [défaut : sqlite dans le
    /// dossier de données, ou le serveur du journal]
    #[arg(long, env = "SIRA_READ_DATABASE_URL", global = true, hide_env_values = true)]
    pub read_database_url: Option<String>,
    /// Documents: a folder, or `s3://bucket/prefix` with AWS_* variables [default: documents under the data
    /// directory] / Documents : un dossier, ou `s3://seau/préfixe` avec les variables AWS_* [défaut :
    /// documents dans le dossier de données]
    #[arg(long, env = "SIRA_DOCUMENTS_URL", global = true, hide_env_values = true)]
    pub documents_url: Option<String>,
    /// Directory of the embedded databases and the keys [default: data] / Dossier des bases embarquées et des
    /// clés [défaut : data]
    #[arg(long, env = "SIRA_DATA_DIR", global = true)]
    pub data_dir: Option<PathBuf>,
    /// Memory for the states of recent streams, in MiB [default: 512] / Mémoire pour l'état des flux récents,
    /// en Mio [défaut : 512]
    #[arg(long, env = "SIRA_CACHE_MIB", global = true)]
    pub cache_mib: Option<u64>,
    /// Address under which people reach the server, such as `https://sira.example.org`: it stands in the codes of
    /// printed papers [default: none] / Adresse par laquelle on atteint le serveur, par exemple
    /// `https://sira.example.org` : elle figure dans les codes des documents imprimés [défaut : aucune]
    #[arg(long, env = "SIRA_PUBLIC_URL", global = true)]
    pub public_url: Option<String>,
    #[command(flatten)]
    gate: GateArgs,
    /// OTLP collector to which spans of requests and commands are sent, such as `http://127.0.0.1:4318`
    /// [default: none] / Collecteur OTLP qui reçoit les traces des requêtes et des commandes, par exemple
    /// `http://127.0.0.1:4318` [défaut : aucun]
    #[arg(long, env = "SIRA_OTLP_ENDPOINT", global = true)]
    pub otlp_endpoint: Option<String>,
    #[command(flatten)]
    evidence: EvidenceArgs,
    /// Configuration file [default: sira.toml, when it is there] / Fichier de configuration [défaut :
    /// sira.toml, s'il existe]
    #[arg(long, env = "SIRA_CONFIG", global = true)]
    pub config: Option<PathBuf>,
    /// Language of messages: fr or en [default: fr] / Langue des messages : fr ou en [défaut : fr]
    #[arg(long, env = "SIRA_LANG", global = true)]
    pub lang: Option<sira_domain::reference::Language>,
}

/// The log's name and its witnesses.
#[derive(Clone, Debug, Default, clap::Args)]
struct EvidenceArgs {
    /// Name of the log, for a signing key made on first start [default: sira/JOURNAL/RANDOM] / Nom du
    /// registre, pour la clé de signature créée au premier démarrage [défaut : sira/JOURNAL/ALÉA]
    #[arg(long, env = "SIRA_EVIDENCE_ORIGIN", global = true)]
    evidence_origin: Option<String>,
    /// Verifier keys of witnesses, beside those of the configuration file / Clés de vérification des témoins,
    /// en plus de celles du fichier de configuration
    #[arg(long = "witness-key", env = "SIRA_WITNESS_KEYS", value_delimiter = ',', global = true)]
    witness_keys: Vec<String>,
    /// How many witnesses must sign a checkpoint before it is published [default: 0] / Combien de témoins
    /// doivent signer un point de contrôle avant sa publication [défaut : 0]
    #[arg(long, env = "SIRA_WITNESS_QUORUM", global = true)]
    witness_quorum: Option<usize>,
}

impl EvidenceArgs {
    fn over(&self, file: EvidenceConfig) -> EvidenceConfig {
        EvidenceConfig {
            origin: self.evidence_origin.clone().or(file.origin),
            witnesses: [file.witnesses, self.witness_keys.clone()].concat(),
            quorum: self.witness_quorum.or(file.quorum),
            public_hashes: file.public_hashes,
        }
    }
}

/// Who may come in, and how often.
#[derive(Clone, Debug, Default, clap::Args)]
struct GateArgs {
    /// Requests a minute of one token, 0 for no limit [default: 1200] / Requêtes par minute d'un même jeton,
    /// 0 pour aucune limite [défaut : 1200]
    #[arg(long, env = "SIRA_RATE_LIMIT_TOKEN", global = true)]
    rate_limit_token: Option<u32>,
    /// Requests a minute of one address, 0 for no limit [default: 6000] / Requêtes par minute d'une même
    /// adresse, 0 pour aucune limite [défaut : 6000]
    #[arg(long, env = "SIRA_RATE_LIMIT_ADDRESS", global = true)]
    rate_limit_address: Option<u32>,
    /// Tokens that are none, a minute, from one address, 0 for no limit [default: 30] / Jetons non valables
    /// par minute d'une même adresse, 0 pour aucune limite [défaut : 30]
    #[arg(long, env = "SIRA_RATE_LIMIT_FAILURES", global = true)]
    rate_limit_failures: Option<u32>,
    /// Issuer whose tokens are taken too; its grants are in the configuration file / Émetteur dont les jetons
    /// sont acceptés aussi ; les droits qu'il donne sont dans le fichier de configuration
    #[arg(long, env = "SIRA_OIDC_ISSUER", global = true)]
    oidc_issuer: Option<String>,
    /// Whom that issuer's tokens must be for / À qui les jetons de cet émetteur doivent être destinés
    #[arg(long, env = "SIRA_OIDC_AUDIENCE", global = true)]
    oidc_audience: Option<String>,
}

/// The configuration in force.
#[derive(Clone, Debug)]
pub struct Config {
    /// Journal.
    pub database_url: String,
    /// Key store.
    pub keys_database_url: String,
    /// Documents.
    pub documents_url: String,
    /// Read side; everything in it can be computed again.
    pub read_database_url: String,
    /// Address to listen on, from the file; the `serve` command's flag comes first.
    pub listen: Option<String>,
    /// Address under which people reach the server, without a slash at its end.
    pub public_url: Option<String>,
    /// Directory of the embedded databases and the keys.
    pub data_dir: PathBuf,
    /// Memory for the states of recent streams, in bytes.
    pub cache_bytes: u64,
    /// Language of messages.
    pub language: sira_domain::reference::Language,
    /// Requests a minute.
    pub rate_limits: RateLimits,
    /// Addresses whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
    /// An issuer that is trusted beside our own tokens.
    pub oidc: Option<OidcConfig>,
    /// Where spans are sent, if anywhere.
    pub otlp_endpoint: Option<String>,
    /// The log's name and its witnesses.
    pub evidence: EvidenceConfig,
}

/// A configuration that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}", .0.display())]
    Read(PathBuf, #[source] std::io::Error),
    /// The file does not have the form.
    #[error("{}", .0.display())]
    Form(PathBuf, #[source] Box<toml::de::Error>),
    /// A proxy is neither an address nor a network.
    #[error("trusted_proxies: {0}: an address or a network, such as 10.0.0.0/8")]
    Proxy(String),
    /// The public address is none.
    #[error("public_url: {0}: an address such as https://sira.example.org")]
    PublicUrl(String),
    /// The trusted issuer is not well described.
    #[error("oidc: {0}")]
    Oidc(#[from] OidcConfigError),
}

impl ConfigArgs {
    /// The configuration in force.
    ///
    /// # Errors
    /// When a file that is named, or `sira.toml`, cannot be read.
    pub fn resolve(&self) -> Result<Config, ConfigError> {
        let file = self.read_file()?;
        let rate_limits = self.gate.rate_limits(&file);
        let data_dir =
            self.data_dir.clone().or(file.data_dir).unwrap_or_else(|| PathBuf::from("data"));
        let embedded = |name: &str| format!("sqlite:{}", data_dir.join(name).display());
        let database_url = self
            .database_url
            .clone()
            .or(file.database_url)
            .unwrap_or_else(|| embedded("journal.db"));
        let trusted_proxies =
            TrustedProxies::read(&file.trusted_proxies).map_err(ConfigError::Proxy)?;
        let oidc = self.gate.oidc(file.oidc)?;
        let keys = self.keys_database_url.clone().or(file.keys_database_url);
        let read = self.read_database_url.clone().or(file.read_database_url);
        let read = read.unwrap_or_else(|| {
            let is_embedded = database_url.starts_with("sqlite:");
            if is_embedded { embedded("read.db") } else { database_url.clone() }
        });
        let documents = self.documents_url.clone().or(file.documents_url);
        let public_url = self.public_url.clone().or(file.public_url);
        let public_url = public_url.map(|url| public_url_of(&url)).transpose()?;
        Ok(Config {
            documents_url: documents
                .unwrap_or_else(|| data_dir.join("documents").display().to_string()),
            database_url,
            read_database_url: read,
            keys_database_url: keys.unwrap_or_else(|| embedded("keys.db")),
            listen: file.listen,
            public_url,
            cache_bytes: self.cache_mib.or(file.cache_mib).unwrap_or(512) << 20,
            language: self.lang.unwrap_or_default(),
            data_dir,
            rate_limits,
            trusted_proxies,
            oidc,
            otlp_endpoint: self.otlp_endpoint.clone().or(file.otlp_endpoint),
            evidence: self.evidence.over(file.evidence),
        })
    }

    fn read_file(&self) -> Result<ConfigFile, ConfigError> {
        let path = self.config.as_deref().unwrap_or(Path::new("sira.toml"));
        match std::fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text)
                .map_err(|error| ConfigError::Form(path.to_owned(), Box::new(error))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && self.config.is_none() => {
                Ok(ConfigFile::default())
            }
            Err(error) => Err(ConfigError::Read(path.to_owned(), error)),
        }
    }
}

/// A public address, without what a path on it would double: short, since it stands in a code that is printed.
fn public_url_of(text: &str) -> Result<String, ConfigError> {
    let wrong = || ConfigError::PublicUrl(text.to_owned());
    let url = reqwest::Url::parse(text).map_err(|_| wrong())?;
    let is_plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
        && text.len() <= PUBLIC_URL_MAX_BYTES;
    if is_plain { Ok(url.as_str().trim_end_matches('/').to_owned()) } else { Err(wrong()) }
}

impl GateArgs {
    fn rate_limits(&self, file: &ConfigFile) -> RateLimits {
        let default = RateLimits::default();
        let pick = |own: Option<u32>, file: Option<u32>, default| own.or(file).unwrap_or(default);
        RateLimits {
            token: pick(self.rate_limit_token, file.rate_limit_token, default.token),
            address: pick(self.rate_limit_address, file.rate_limit_address, default.address),
            failures: pick(self.rate_limit_failures, file.rate_limit_failures, default.failures),
        }
    }

    /// The trusted issuer, if one is named anywhere.
    fn oidc(&self, file: Option<OidcConfig>) -> Result<Option<OidcConfig>, OidcConfigError> {
        if file.is_none() && self.oidc_issuer.is_none() {
            return Ok(None);
        }
        let mut oidc = file.unwrap_or_default();
        for (own, place) in
            [(&self.oidc_issuer, &mut oidc.issuer), (&self.oidc_audience, &mut oidc.audience)]
        {
            if let Some(own) = own {
                place.clone_from(own);
            }
        }
        oidc.check().map(Some)
    }
}
