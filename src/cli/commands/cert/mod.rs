//! `cert request|self-sign|verify`: certificates around a key that stays on its card.

mod request;
mod self_sign;
mod signer;
mod verify;

use clap::{Args, Subcommand};

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::outcome::Outcome;
use crate::crypto::certificate::{AlternativeName, purpose_from_text};

/// What to do with certificates.
#[derive(Debug, Subcommand)]
pub enum CertCommand {
    /// Make a certificate request (PKCS#10), signed by the key on the card
    Request(request::RequestArgs),
    /// Make a certificate that is signed by its own key
    SelfSign(self_sign::SelfSignArgs),
    /// Verify the certificate chain of a key: signatures, dates, authorities
    Verify(verify::VerifyArgs),
}

/// Runs `cert`.
pub fn run(context: &Context, command: &CertCommand) -> Result<Outcome, CliError> {
    match command {
        CertCommand::Request(args) => request::run(context, args),
        CertCommand::SelfSign(args) => self_sign::run(context, args),
        CertCommand::Verify(args) => verify::run(context, args),
    }
}

/// What a certificate says of its subject.
#[derive(Debug, Clone, Default, Args)]
struct SubjectArgs {
    /// Subject, most specific part first: CN=Anna,O=Example,C=AT
    #[arg(long, value_name = "NAME")]
    subject: String,

    /// Another name of the subject: dns:HOST, ip:ADDRESS, email:USER@HOST, uri:URI (repeatable)
    #[arg(long = "san", value_name = "NAME")]
    names: Vec<String>,

    /// What the certificate is for: serverAuth, clientAuth, codeSigning, emailProtection, … or numbers (repeatable)
    #[arg(long = "eku", value_name = "PURPOSE", value_delimiter = ',')]
    purposes: Vec<String>,
}

impl SubjectArgs {
    /// The alternative names. Errors: one of another form.
    fn alternative_names(&self) -> Result<Vec<AlternativeName>, CliError> {
        let names = self
            .names
            .iter()
            .map(|text| text.parse::<AlternativeName>().map_err(|error| CliError::usage(error.to_string())));
        names.collect()
    }

    /// The extended key usages as object identifiers. Errors: an unknown name.
    fn purposes(&self) -> Result<Vec<const_oid::ObjectIdentifier>, CliError> {
        let purposes = self
            .purposes
            .iter()
            .map(|text| purpose_from_text(text).map_err(|error| CliError::usage(error.to_string())));
        purposes.collect()
    }
}

/// The forms of a request or certificate in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Text between BEGIN and END lines (RFC 7468)
    Pem,
    /// The bytes themselves
    Der,
}

impl Format {
    fn write(self, label: &'static str, der: &[u8]) -> Result<Vec<u8>, CliError> {
        match self {
            Self::Pem => Ok(crate::cli::pem::encode(label, der)?.into_bytes()),
            Self::Der => Ok(der.to_vec()),
        }
    }
}
