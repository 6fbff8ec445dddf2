//! `key delete`: both halves of a key, and with `--with-chain` what of its chain no other key needs.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::args::{KeyArgs, TokenArgs};
use crate::cli::commands::object::delete::{needed_json, planned_json, planned_text, refused};
use crate::cli::confirm::confirm;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::keys::{ChosenKey, KeyChoice, Purpose, find_again};
use crate::cli::outcome::Outcome;
use crate::cli::text::quote;
use crate::cli::writing::{self, WriteArgs};
use crate::engine::{
    AttributeType, DeletionPlan, Extent, ObjectClass, ObjectHandle, PlannedObject, SessionHandle, Template,
};
use crate::token::KeyClass;

/// Arguments of `key delete`.
#[derive(Debug, Args)]
#[command(after_help = "\
With --with-chain the key's certificate goes as well, and those authorities of
its chain that no other chain uses.

Examples:
  p11ctl key delete --slot 4 --key 'key 3'
  p11ctl key delete --slot 4 --key 'key 3' --with-chain --pin env:PIN --yes")]
pub struct DeleteArgs {
    /// Which key.
    #[command(flatten)]
    key: KeyArgs,

    /// Delete its certificate too, and the authorities that no other chain uses
    #[arg(long)]
    with_chain: bool,

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

/// Runs `key delete`.
pub fn run(context: &Context, args: &DeleteArgs) -> Result<Outcome, CliError> {
    args.write.check(false)?;
    if args.key.key.is_none() && args.key.id.is_none() {
        return Err(CliError::usage("which key?").hint("name it: --key, --id or a pkcs11: URI"));
    }
    let choice = KeyChoice::new(&args.token, &args.key)?;
    let chosen = choice.private_key(context, Purpose::Delete, &args.write.pin)?;
    let token = &chosen.token;
    let session = writing::open(context, token, &args.write, choice.pin_source.as_deref())?;
    let engine = context.engine()?;
    let handle = find_again(engine, session, &chosen.key)?;
    let plan = if args.with_chain {
        engine.deletion_plan(session, handle, Extent::WithChain)?
    } else {
        alone(context, session, &chosen, handle)?
    };
    let lost: Vec<String> = plan.objects.iter().map(planned_text).collect();
    let key = quote(&chosen.key.label);
    let question = format!("deleted from the card behind slot {}", token.slot);
    confirm(args.yes, &question, &lost)?;
    let deleted = if args.with_chain {
        engine.destroy_key_with_chain(session, handle).map_err(|error| refused(error, false))?
    } else {
        for object in &plan.objects {
            if let Some(handle) = object.handle {
                engine.destroy_object(session, handle).map_err(|error| refused(error, false))?;
            }
        }
        plan.objects.clone()
    };
    Ok(answer(&chosen, &plan, &deleted, &key))
}

fn answer(chosen: &ChosenKey, plan: &DeletionPlan, deleted: &[PlannedObject], key: &str) -> Outcome {
    let document = json!({
        "slot": chosen.token.slot.0,
        "token": chosen.token.candidate.label,
        "deleted": deleted.iter().map(planned_json).collect::<Vec<Value>>(),
        "kept": plan.kept.iter().map(planned_json).collect::<Vec<Value>>(),
        "needed_by": plan.needed_by.iter().map(needed_json).collect::<Vec<Value>>(),
    });
    let mut outcome = Outcome::new(document, "");
    outcome.notes.extend(deleted.iter().map(|object| format!("deleted {}", planned_text(object))));
    let kept = plan.kept.iter().map(planned_text);
    outcome.notes.extend(kept.map(|it| format!("kept {it}: other chains use it or it is another PIN's")));
    if deleted.is_empty() {
        outcome.notes.push(format!("nothing of key {key} was there to delete"));
    }
    outcome
}

/// The key with its public half.
fn alone(
    context: &Context,
    session: SessionHandle,
    chosen: &ChosenKey,
    handle: ObjectHandle,
) -> Result<DeletionPlan, CliError> {
    let engine = context.engine()?;
    let mut plan = engine.deletion_plan(session, handle, Extent::Alone)?;
    if chosen.key.class == KeyClass::Private && !chosen.key.id.0.is_empty() {
        let template = Template::new().class(ObjectClass::PublicKey).id(&chosen.key.id.0);
        for public in engine.find_all(session, &template)? {
            // On some cards it goes with the private half.
            let destroyable = engine.attribute(session, public, AttributeType::DESTROYABLE)?;
            if destroyable.as_bool() == Some(false) {
                continue;
            }
            let half = engine.deletion_plan(session, public, Extent::Alone)?;
            for object in half.objects {
                if !plan.objects.contains(&object) {
                    // First: without its private half it may show in another token.
                    plan.objects.insert(0, object);
                }
            }
        }
    }
    Ok(plan)
}
