//! `object write`: certificates, a public key or data from a file onto a token.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::put::{Item, Put, put};
use crate::cli::args::{HexBytes, TokenArgs, parse_hex};
use crate::cli::commands::find::public_objects;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::key_files;
use crate::cli::objects::Details;
use crate::cli::outcome::Outcome;
use crate::cli::selector::Selector;
use crate::cli::text::{check_id, check_label, check_len};
use crate::cli::tokens::{self, FoundToken};
use crate::cli::writing::{self, WriteArgs};
use crate::cli::{atomic_file, pem};
use crate::crypto::import::read_certificates;
use crate::crypto::{CertificateDetails, PublicKey};
use crate::engine::{NewObject, ObjectClass, Template};
use crate::token::{KeyId, LONGEST_APPLICATION, LONGEST_LABEL, MOST_OID_NUMBERS};

/// Arguments of `object write`.
#[derive(Debug, Args)]
#[command(after_help = "\
Of a certificate file with several certificates all are written; one that is
on the card already is left as it is, and tokens whose chains need it show it.
Without --id a certificate gets the id of its key.

Examples:
  p11ctl object write certificate chain.pem --slot 4
  p11ctl object write public-key peer.pem --slot 4 --label peer --pin env:PIN
  p11ctl object write data notes.txt --slot 4 --label Notes \\
      --application 'My program' --oid 1.3.6.1.4.1.99999.1")]
pub struct WriteObjectArgs {
    /// What the file holds
    #[arg(value_enum, value_name = "KIND")]
    kind: Kind,

    /// The file: PEM or DER, for data any (- is standard input)
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,

    /// Label of the object; without it the certificate's common name, or the file's name
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,

    /// Id of a certificate or key, in hexadecimal
    #[arg(long, value_name = "HEX", value_parser = parse_hex)]
    id: Option<HexBytes>,

    /// Program that a data object belongs to
    #[arg(long, value_name = "NAME")]
    application: Option<String>,

    /// Object identifier of a data object, in dotted numbers
    #[arg(long, value_name = "OID")]
    oid: Option<String>,

    /// Let a data object be read only after login
    #[arg(long)]
    private: bool,

    /// Which token.
    #[command(flatten)]
    token: TokenArgs,

    /// Whose PIN allows it.
    #[command(flatten)]
    write: WriteArgs,
}

/// What can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// X.509 certificates, one or a chain
    Certificate,
    /// A public key
    PublicKey,
    /// Any bytes
    Data,
}

/// Runs `object write`.
pub fn run(context: &Context, args: &WriteObjectArgs) -> Result<Outcome, CliError> {
    args.write.check(atomic_file::is_standard_stream(&args.file))?;
    check_options(args)?;
    args.label.as_deref().map(|label| check_label("--label", label, LONGEST_LABEL)).transpose()?;
    let application = args.application.as_deref();
    application.map(|name| check_label("--application", name, LONGEST_APPLICATION)).transpose()?;
    args.id.as_ref().map(|id| check_id("--id", &id.0)).transpose()?;
    // A file that is no good must not cost a login.
    let items = items(args)?;
    items.iter().try_for_each(|item| check_len("the label", item.label.len(), LONGEST_LABEL))?;
    let (token, pin_source) = writing::choose(context, &args.token, &args.write, tokens::is_in_use)?;
    let known = if items.iter().all(|item| item.class == ObjectClass::Certificate) {
        certificates_on_card(context, &token)?
    } else {
        Vec::new()
    };
    let put = if items.iter().all(|item| item.is_among(&known)) {
        Put::nothing(&items)
    } else {
        let opened = writing::open_exclusive(context, &token, &args.write, pin_source.as_deref())?;
        put(context, &token, opened.session, &items)?
    };
    let document = json!({
        "slot": token.slot.0,
        "token": token.candidate.label,
        "written": put.written,
        "present": put.present,
    });
    let outcome = Outcome::new(document, put.uris());
    Ok(Outcome { notes: put.notes, ..outcome })
}

/// Refuses options that mean nothing for the kind of object.
fn check_options(args: &WriteObjectArgs) -> Result<(), CliError> {
    let is_data = args.kind == Kind::Data;
    let wrong = [
        (!is_data && args.application.is_some(), "--application"),
        (!is_data && args.oid.is_some(), "--oid"),
        (!is_data && args.private, "--private"),
        (is_data && args.id.is_some(), "--id"),
    ];
    match wrong.iter().find(|(is_wrong, _)| *is_wrong) {
        Some((_, option)) if is_data => Err(CliError::usage(format!("a data object has no {option}"))),
        Some((_, option)) => Err(CliError::usage(format!("{option} is for data objects"))),
        None => Ok(()),
    }
}

fn items(args: &WriteObjectArgs) -> Result<Vec<Item>, CliError> {
    let bytes = atomic_file::read(&args.file)?;
    let id = args.id.as_ref().map(|id| KeyId(id.0.clone()));
    let label = || args.label.clone().unwrap_or_else(|| file_label(&args.file));
    match args.kind {
        Kind::Certificate => certificates(args, &bytes, id),
        Kind::PublicKey => {
            let (_, der) = pem::decode(&bytes, &["PUBLIC KEY"])?;
            let key = PublicKey::from_spki_der(&der).map_err(|error| not_readable(args, &error))?;
            let label = label();
            let object = NewObject::PublicKey { key, label: label.clone(), id };
            Ok(vec![Item { object, class: ObjectClass::PublicKey, label }])
        }
        Kind::Data => {
            let label = label();
            let object = NewObject::Data {
                label: label.clone(),
                application: args.application.clone().unwrap_or_default(),
                oid: args.oid.as_deref().map(parse_oid).transpose()?.unwrap_or_default(),
                private: args.private,
                value: bytes,
            };
            Ok(vec![Item { object, class: ObjectClass::Data, label }])
        }
    }
}

fn certificates(args: &WriteObjectArgs, bytes: &[u8], id: Option<KeyId>) -> Result<Vec<Item>, CliError> {
    let name = atomic_file::describe(&args.file);
    let found = read_certificates(bytes).map_err(|error| key_files::explain(&error, &name))?;
    if found.len() > 1 && (args.label.is_some() || id.is_some()) {
        return Err(CliError::usage(format!(
            "{} holds {} certificates: --label and --id are for one",
            atomic_file::describe(&args.file),
            found.len()
        )));
    }
    let item = |details: CertificateDetails| {
        let label = args.label.clone().or_else(|| details.common_name());
        let object = NewObject::Certificate { der: details.der, label: label.clone(), id: id.clone() };
        Item { object, class: ObjectClass::Certificate, label: label.unwrap_or_default() }
    };
    Ok(found.into_iter().map(item).collect())
}

/// Every certificate on the card of a token, DER, whatever token shows it.
fn certificates_on_card(context: &Context, token: &FoundToken) -> Result<Vec<Vec<u8>>, CliError> {
    let selector = Selector { reader: Some(token.candidate.reader.clone()), ..Selector::default() };
    let tokens = tokens::matching(context, &selector)?;
    let template = Template::new().class(ObjectClass::Certificate);
    let found = public_objects(context, &tokens, &template)?;
    let ders = found.into_iter().filter_map(|object| match object.details {
        Details::Certificate(Some(details)) => Some(details.der),
        _ => None,
    });
    Ok(ders.collect())
}

/// The file's name without its end.
pub fn file_label(path: &Path) -> String {
    if atomic_file::is_standard_stream(path) {
        return "data".to_owned();
    }
    path.file_stem().map_or_else(|| "data".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Content bytes of an object identifier in dotted numbers.
fn parse_oid(text: &str) -> Result<Vec<u8>, CliError> {
    let oid = const_oid::ObjectIdentifier::new(text).map_err(|_| {
        CliError::usage(format!("{text:?} is no object identifier"))
            .hint("write it in dotted numbers: 1.3.6.1.4.1.99999.1")
    })?;
    let numbers = oid.arcs().count();
    if numbers > MOST_OID_NUMBERS {
        let message = format!("--oid has at most {MOST_OID_NUMBERS} numbers, this one {numbers}");
        return Err(CliError::usage(message));
    }
    Ok(oid.as_bytes().to_vec())
}

fn not_readable(args: &WriteObjectArgs, error: &dyn std::error::Error) -> CliError {
    CliError::usage(format!("{} holds no public key", atomic_file::describe(&args.file))).source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_oid_gives_content_bytes() {
        assert_eq!(parse_oid("2.5.4.3"), Ok(vec![0x55, 0x04, 0x03]));
        for text in ["", "2", "3.1.2", "a.b", "1.3.", "2.5.4.3 "] {
            assert!(parse_oid(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn file_label_is_the_name_without_its_end() {
        assert_eq!(file_label(Path::new("/tmp/notes.txt")), "notes");
        assert_eq!(file_label(Path::new("-")), "data");
    }
}
