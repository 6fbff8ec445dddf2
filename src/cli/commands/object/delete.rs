//! `object delete`: one object off the card, unless a chain of another token needs it.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::args::TokenArgs;
use crate::cli::commands::find::{ObjectArgs, Wanted};
use crate::cli::confirm::confirm;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::outcome::Outcome;
use crate::cli::text::quote;
use crate::cli::writing::WriteArgs;
use crate::engine::{DeletionPlan, Error, Extent, NeededBy, PlannedObject};

/// Arguments of `object delete`.
#[derive(Debug, Args)]
#[command(after_help = "\
A certificate that chains of other tokens need stays, unless --everywhere says
otherwise.

Examples:
  p11ctl object delete --slot 4 --class data Notes
  p11ctl object delete --slot 4 --class certificate --id 03 --pin env:PIN --yes
  p11ctl object delete --slot 4 'Issuing CA' --everywhere")]
pub struct DeleteArgs {
    /// Which object.
    #[command(flatten)]
    object: ObjectArgs,

    /// Delete a certificate although chains of other tokens need it
    #[arg(long)]
    everywhere: bool,

    /// Do it without asking
    #[arg(long)]
    yes: bool,

    /// Which token.
    #[command(flatten)]
    token: TokenArgs,

    /// Whose PIN allows it.
    #[command(flatten)]
    write: WriteArgs,
}

/// Runs `object delete`.
pub fn run(context: &Context, args: &DeleteArgs) -> Result<Outcome, CliError> {
    args.write.check(false)?;
    let wanted = Wanted::new(&args.object, &args.token)?;
    if super::is_any(&wanted.template) {
        return Err(
            CliError::usage("which object?").hint("name it: its label, --id, --class or a pkcs11: URI")
        );
    }
    let opened = super::open_to_write(context, &wanted, &args.write)?;
    let engine = context.engine()?;
    let plan = engine.deletion_plan(opened.session, opened.handle, Extent::Alone)?;
    let elsewhere: Vec<&NeededBy> =
        plan.needed_by.iter().filter(|needed| needed.slot != Some(opened.object.slot)).collect();
    if !elsewhere.is_empty() && !args.everywhere {
        let needed_by = elsewhere.into_iter().cloned().collect();
        return Err(refused(Error::ActionProhibited { needed_by }, true));
    }
    let what = opened.object.candidate();
    confirm(args.yes, &format!("deleted from the card: {what}"), &broken(&plan))?;
    let deleted = if args.everywhere {
        engine.destroy_everywhere(opened.session, opened.handle)
    } else {
        engine.destroy_object(opened.session, opened.handle)
    };
    deleted.map_err(|error| refused(error, true))?;
    let document = json!({
        "slot": opened.object.slot.0,
        "class": opened.object.class.name(),
        "label": opened.object.label,
        "deleted": plan.objects.iter().map(planned_json).collect::<Vec<Value>>(),
        "needed_by": plan.needed_by.iter().map(needed_json).collect::<Vec<Value>>(),
    });
    let note = format!("deleted {} {}", opened.object.class, quote(&opened.object.label));
    Ok(Outcome::new(document, "").note(note).warn(broken(&plan)))
}

/// What of the remaining chains a deletion breaks.
fn broken(plan: &DeletionPlan) -> Vec<String> {
    plan.needed_by.iter().map(|needed| format!("the chain of {needed} is incomplete without it")).collect()
}

/// A refusal with what to do next.
pub fn refused(error: Error, has_everywhere: bool) -> CliError {
    let candidates = match &error {
        Error::ActionProhibited { needed_by } => needed_by.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    let mut explained = CliError::from(error);
    if !candidates.is_empty() {
        explained.message = "the certificate stays: chains of other tokens need it".to_owned();
        explained = explained.candidates(candidates);
        if has_everywhere {
            explained = explained.hint("give --everywhere to delete it all the same");
        }
    }
    explained
}

/// `certificate "Root"`.
pub fn planned_text(object: &PlannedObject) -> String {
    format!("{} {}", object.class, quote(&object.label))
}

/// An object of a plan in JSON.
pub fn planned_json(object: &PlannedObject) -> Value {
    json!({ "class": object.class.name(), "label": object.label })
}

/// A key whose chain needs the object, in JSON.
pub fn needed_json(needed: &NeededBy) -> Value {
    json!({ "slot": needed.slot.map(|slot| slot.0), "token": needed.token, "key": needed.key })
}
