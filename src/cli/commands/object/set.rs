//! `object set`: another label or id for an object.

use clap::Args;
use serde_json::json;

use crate::cli::args::{HexBytes, TokenArgs, parse_hex};
use crate::cli::commands::find::{ObjectArgs, Wanted};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::json;
use crate::cli::outcome::Outcome;
use crate::cli::text::{check_id, check_label, quote};
use crate::cli::writing::WriteArgs;
use crate::engine::{ObjectClass, Template};
use crate::token::LONGEST_LABEL;

/// Arguments of `object set`.
#[derive(Debug, Args)]
#[command(after_help = "\
Key, public key and certificate belong together by their id: change it in each
of them.

Examples:
  p11ctl object set --slot 4 --class private-key 'key 3' \\
      --new-label 'signing key'
  p11ctl object set --slot 4 --class certificate --id 03 --new-id 04 \\
      --pin env:PIN")]
pub struct SetArgs {
    /// Which object.
    #[command(flatten)]
    object: ObjectArgs,

    /// The new label
    #[arg(long, value_name = "LABEL", required_unless_present = "new_id")]
    new_label: Option<String>,

    /// The new id, in hexadecimal
    #[arg(long, value_name = "HEX", value_parser = parse_hex)]
    new_id: Option<HexBytes>,

    /// Which token.
    #[command(flatten)]
    token: TokenArgs,

    /// Whose PIN allows it.
    #[command(flatten)]
    write: WriteArgs,
}

/// Runs `object set`.
pub fn run(context: &Context, args: &SetArgs) -> Result<Outcome, CliError> {
    args.write.check(false)?;
    let wanted = Wanted::new(&args.object, &args.token)?;
    if super::is_any(&wanted.template) {
        return Err(
            CliError::usage("which object?").hint("name it: its label, --id, --class or a pkcs11: URI")
        );
    }
    args.new_label.as_deref().map(|label| check_label("--new-label", label, LONGEST_LABEL)).transpose()?;
    args.new_id.as_ref().map(|id| check_id("--new-id", &id.0)).transpose()?;
    let mut change = Template::new();
    if let Some(label) = &args.new_label {
        change = change.label(label);
    }
    if let Some(id) = &args.new_id {
        change = change.id(&id.0);
    }
    let opened = super::open_to_write(context, &wanted, &args.write)?;
    let object = &opened.object;
    if args.new_id.is_some() && object.class == ObjectClass::Data {
        return Err(CliError::usage("a data object has no id"));
    }
    let engine = context.engine()?;
    engine.set_attributes(opened.session, opened.handle, &change)?;
    let uri = engine.object_uri(opened.session, opened.handle)?.to_string();
    let label = args.new_label.as_ref().unwrap_or(&object.label);
    let id = args.new_id.as_ref().map_or(&object.id, |id| &id.0);
    let document = json!({
        "slot": object.slot.0,
        "class": object.class.name(),
        "label": label,
        "id": if object.class == ObjectClass::Data { serde_json::Value::Null } else { json::bytes(id) },
        "uri": uri,
    });
    let note = format!("changed {} {}", object.class, quote(&object.label));
    Ok(Outcome::new(document, format!("{uri}\n")).note(note))
}
