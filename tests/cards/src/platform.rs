//! Runs an application of the Trussed platform as a smart card: the platform's services, ISO 7816-4 command
//! chaining and GET RESPONSE around it, selection by AID. Knows no application.

mod dispatch;

use std::cell::RefCell;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use heapless::{Vec as FixedVec, VecView};
use iso7816::{Command, Status, command::CommandView};
use p11ctl::transport::VirtualCard;
use trussed::pipe::{ServiceEndpoint, TrussedChannel};
use trussed::types::CoreContext;
use trussed::virt::{Platform, StoreConfig, with_platform};
use trussed::{ClientImplementation, Service};

use dispatch::{BACKENDS, Backend, BackendContext, Dispatch};

/// A card on a thread of its own. Its files live in memory as long as it does; its keys come from a constant
/// seed, so they are the same in every run.
pub struct SoftwareCard {
    atr: Vec<u8>,
    requests: Option<Sender<Request>>,
    answers: Receiver<Vec<u8>>,
    thread: Option<JoinHandle<()>>,
    /// Data of the commands of a chain that is not complete yet.
    chain: Vec<u8>,
    /// What of a response was not fetched yet.
    pending: Vec<u8>,
}

/// What an application uses the platform's services through.
pub type Client<'s, 'c> = ClientImplementation<'c, Inline<'s, 'c>, Dispatch>;

/// An application on the card.
pub trait Application {
    /// Its AID, as far as a SELECT has to name it.
    fn aid(&self) -> &'static [u8];

    /// Answers a complete command: chaining is resolved.
    fn answer(&mut self, command: CommandView<'_>, reply: &mut VecView<u8>) -> Result<(), Status>;

    /// The card was reset, or another application was selected.
    fn reset(&mut self);
}

/// Where commands come in and answers go out.
pub struct Desk {
    requests: Receiver<Request>,
    answers: Sender<Vec<u8>>,
}

enum Request {
    Reset,
    Command(Vec<u8>),
}

/// The service of the platform, called in place.
type Services<'a> = RefCell<(Service<Platform<'a>, Dispatch>, Endpoints<'a>)>;
type Endpoints<'a> = [ServiceEndpoint<'a, Backend, BackendContext>; 1];

/// Calls the service where the platform of a device would interrupt.
pub struct Inline<'s, 'c>(&'s Services<'c>);

impl SoftwareCard {
    /// Powers a card with one application, which `run` makes and serves at the desk.
    pub fn start<F>(client_id: &'static str, historical_bytes: &[u8], run: F) -> Self
    where
        F: FnOnce(Client<'_, '_>, &Desk) + Send + 'static,
    {
        let (requests, incoming) = channel();
        let (outgoing, answers) = channel();
        let desk = Desk { requests: incoming, answers: outgoing };
        let thread = thread::Builder::new()
            .name(client_id.to_owned())
            // The platform keeps large messages on the stack.
            .stack_size(16 << 20)
            .spawn(move || {
                with_platform(StoreConfig::ram(), |platform| serve(platform, client_id, &desk, run))
            })
            .expect("a thread for the card");
        Self {
            atr: answer_to_reset(historical_bytes),
            requests: Some(requests),
            answers,
            thread: Some(thread),
            chain: Vec::new(),
            pending: Vec::new(),
        }
    }

    fn send(&self, request: Request) -> bool {
        self.requests.as_ref().is_some_and(|requests| requests.send(request).is_ok())
    }

    /// Hands out what fits into `expected` bytes, and says how much is left.
    fn fetch(&mut self, expected: usize) -> Vec<u8> {
        let rest = self.pending.split_off(expected.min(self.pending.len()));
        let mut response = std::mem::replace(&mut self.pending, rest);
        match self.pending.len() {
            0 => response.extend([0x90, 0x00]),
            left => response.extend([0x61, u8::try_from(left).unwrap_or(0)]),
        }
        response
    }
}

impl VirtualCard for SoftwareCard {
    fn atr(&self) -> Vec<u8> {
        self.atr.clone()
    }

    fn reset(&mut self) {
        self.chain.clear();
        self.pending.clear();
        self.send(Request::Reset);
    }

    fn process(&mut self, command: &[u8]) -> Vec<u8> {
        let Some(parsed) = Parts::of(command) else { return vec![0x67, 0x00] };
        if parsed.header[1] == INS_GET_RESPONSE && !self.pending.is_empty() {
            return self.fetch(parsed.expected);
        }
        self.pending.clear();
        self.chain.extend(parsed.data);
        if parsed.header[0] & CLA_CHAINING != 0 {
            return vec![0x90, 0x00];
        }
        let data = std::mem::take(&mut self.chain);
        let answered = self.send(Request::Command(parsed.whole(&data))).then(|| self.answers.recv().ok());
        // A card whose thread ended says nothing any more, as one without power.
        let Some(mut response) = answered.flatten() else { return Vec::new() };
        let status = response.split_off(response.len() - 2);
        if status != [0x90, 0x00] {
            return [response, status].concat();
        }
        self.pending = response;
        self.fetch(parsed.expected)
    }
}

impl Drop for SoftwareCard {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the card's thread was printed already.
            let _ = thread.join();
        }
    }
}

impl Desk {
    /// Answers commands until the card loses its power.
    pub fn serve(&self, application: &mut dyn Application) {
        let mut is_selected = false;
        while let Ok(request) = self.requests.recv() {
            let Request::Command(command) = request else {
                is_selected = false;
                application.reset();
                continue;
            };
            let mut reply = FixedVec::<u8, MAX_LEN>::new();
            let status = dispatch_command(application, &mut is_selected, &command, &mut reply);
            let mut response = reply.to_vec();
            response.extend(status.to_be_bytes());
            if self.answers.send(response).is_err() {
                return;
            }
        }
    }
}

impl trussed::platform::Syscall for Inline<'_, '_> {
    fn syscall(&mut self) {
        let (service, endpoints) = &mut *self.0.borrow_mut();
        service.process(endpoints);
    }
}

/// One command APDU, short or extended.
struct Parts<'a> {
    header: [u8; 4],
    data: &'a [u8],
    /// Most bytes of the response.
    expected: usize,
}

impl<'a> Parts<'a> {
    fn of(command: &'a [u8]) -> Option<Self> {
        let (header, body) = command.split_first_chunk::<4>()?;
        let (data, expected) = match body {
            [] => (&[][..], 256),
            [le] => (&[][..], if *le == 0 { 256 } else { usize::from(*le) }),
            [0, high, low] => (&[][..], extended_le(*high, *low)),
            [0, high, low, rest @ ..] => {
                let (data, le) = rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))?;
                (data, if let [high, low] = le { extended_le(*high, *low) } else { 65_536 })
            }
            [len, rest @ ..] => {
                let (data, le) = rest.split_at_checked(usize::from(*len))?;
                (data, le.first().filter(|le| **le != 0).map_or(256, |le| usize::from(*le)))
            }
        };
        Some(Self { header: *header, data, expected })
    }

    /// The command with all data of its chain, in extended length.
    fn whole(&self, data: &[u8]) -> Vec<u8> {
        let mut command = self.header.to_vec();
        if data.is_empty() {
            return [&command[..], &[0]].concat();
        }
        let len = u16::try_from(data.len()).unwrap_or(u16::MAX);
        command.push(0);
        command.extend(len.to_be_bytes());
        command.extend(&data[..usize::from(len)]);
        command.extend([0, 0]);
        command
    }
}

fn extended_le(high: u8, low: u8) -> usize {
    match u16::from_be_bytes([high, low]) {
        0 => 65_536,
        le => usize::from(le),
    }
}

/// Selects by AID, and lets the selected application answer.
fn dispatch_command(
    application: &mut dyn Application,
    is_selected: &mut bool,
    command: &[u8],
    reply: &mut VecView<u8>,
) -> u16 {
    let Ok(command) = Command::<MAX_LEN>::try_from(command) else { return 0x6700 };
    let view = command.as_view();
    if u8::from(view.instruction()) == INS_SELECT && view.p1 == SELECT_BY_AID {
        let named = view.data();
        if named.is_empty() || !(named.starts_with(application.aid()) || application.aid().starts_with(named))
        {
            if std::mem::take(is_selected) {
                application.reset();
            }
            return 0x6A82;
        }
        *is_selected = true;
    } else if !*is_selected {
        return 0x6D00;
    }
    match application.answer(view, reply) {
        Ok(()) => 0x9000,
        Err(status) => status.into(),
    }
}

fn serve(platform: Platform<'_>, client_id: &str, desk: &Desk, run: impl FnOnce(Client<'_, '_>, &Desk)) {
    let channel = TrussedChannel::new();
    let (requester, responder) = channel.split().expect("a fresh channel");
    let context = CoreContext::new(client_id.try_into().expect("a short path"));
    let endpoint = ServiceEndpoint::new(responder, context, BACKENDS);
    let services = RefCell::new((Service::with_dispatch(platform, Dispatch::new()), [endpoint]));
    run(Client::new(requester, Inline(&services), None), desk);
}

/// An answer to reset that offers T=1 and carries these historical bytes (ISO 7816-3, 8.2).
fn answer_to_reset(historical_bytes: &[u8]) -> Vec<u8> {
    let len = u8::try_from(historical_bytes.len()).unwrap_or(0) & 0x0F;
    // TD1: T=1 and TD2 follows; TD2: T=1 with TA3 (IFSC 254) and TB3 (waiting times).
    let mut atr = vec![0x3B, 0x80 | len, 0x81, 0x31, 0xFE, 0x75];
    atr.extend(&historical_bytes[..usize::from(len)]);
    let check = atr[1..].iter().fold(0, |check, byte| check ^ byte);
    atr.push(check);
    atr
}

/// The longest command and response of these cards.
const MAX_LEN: usize = 7609;
const CLA_CHAINING: u8 = 0x10;
const INS_SELECT: u8 = 0xA4;
const SELECT_BY_AID: u8 = 0x04;
const INS_GET_RESPONSE: u8 = 0xC0;
