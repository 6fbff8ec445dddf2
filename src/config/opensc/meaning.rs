//! What the settings of OpenSC's file mean here: one row each, with what takes the place of those that mean nothing.

/// Where a setting stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Context {
    /// In an `app` block itself.
    App,
    /// `pkcs11 { … }`.
    Pkcs11,
    /// `framework pkcs15 { … }`.
    Pkcs15,
    /// `reader_driver pcsc { … }`.
    Pcsc,
}

/// What a setting does here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Meaning {
    /// Sets `[pkcs11] num_slots`.
    NumSlots,
    /// Sets `[pkcs11] max_virtual_slots`.
    MaxVirtualSlots,
    /// Sets `[pkcs11] hide_empty_tokens`.
    HideEmptyTokens,
    /// Sets `[pkcs11] create_slots_for_pins`.
    Pins,
    /// Sets `[readers] ignored`.
    IgnoredReaders,
    /// Sets `[readers] exclusive`.
    Exclusive,
    /// Sets `[readers] after_login`, where it says that the card is reset.
    AfterLogin,
    /// Sets `[cache] enabled`.
    Cache,
    /// Sets `[cache] directory`.
    CacheDirectory,
    /// Sets `[drivers] only`.
    Drivers,
    /// Sets `[log] level`.
    LogLevel,
    /// Sets `[log] file`.
    LogFile,
    /// Has no effect, and why.
    Nothing(&'static str),
}

impl Context {
    /// The kind and name of the block.
    pub(super) const BLOCKS: [(&'static str, Option<&'static str>, Self); 3] = [
        ("pkcs11", None, Self::Pkcs11),
        ("framework", Some("pkcs15"), Self::Pkcs15),
        ("reader_driver", Some("pcsc"), Self::Pcsc),
    ];
}

/// What a setting means, if it is known.
pub(super) fn of(context: Context, name: &str) -> Option<Meaning> {
    let mut rows = SETTINGS.iter();
    rows.find(|row| row.0 == context && row.1.eq_ignore_ascii_case(name)).map(|row| row.2)
}

/// The names that are known in a context.
pub(super) fn names(context: Context) -> impl Iterator<Item = &'static str> {
    SETTINGS.iter().filter(move |row| row.0 == context).map(|row| row.1)
}

/// The kinds of blocks that can stand in an `app` block.
pub(super) fn kinds() -> impl Iterator<Item = &'static str> {
    Context::BLOCKS.iter().map(|row| row.0).chain(BLOCKS.iter().map(|row| row.0))
}

/// Why a block means nothing here; `None` for one that OpenSC does not know either.
pub(super) fn of_block(kind: &str) -> Option<&'static str> {
    BLOCKS.iter().find(|row| row.0.eq_ignore_ascii_case(kind)).map(|row| row.1)
}

const NO_POPUPS: &str = "p11ctl shows no pop-ups";
const NO_EMULATION: &str = "drivers are compiled in, see [drivers]";
const NO_PIN_CACHE: &str = "PINs are not kept";
const FINDS_LIMITS: &str = "the limits of a reader are found out";

/// Context, name, meaning. `num_slots` and `hide_empty_tokens` are what OpenSC called them until 2009 and 2018.
const SETTINGS: &[(Context, &str, Meaning)] = &[
    (Context::App, "ignored_readers", Meaning::IgnoredReaders),
    (Context::App, "card_drivers", Meaning::Drivers),
    (Context::App, "debug", Meaning::LogLevel),
    (Context::App, "debug_file", Meaning::LogFile),
    (Context::App, "profile_dir", Meaning::Nothing("profiles are compiled in")),
    (Context::App, "disable_popups", Meaning::Nothing(NO_POPUPS)),
    (Context::App, "disable_colors", Meaning::Nothing("set NO_COLOR in the environment")),
    (Context::App, "enable_default_driver", Meaning::Nothing("card apdu works with unknown cards as it is")),
    (
        Context::App,
        "disable_hw_pkcs1_padding",
        Meaning::Nothing("padding is always removed in constant time"),
    ),
    (Context::App, "openssl_config", Meaning::Nothing("OpenSSL is not used")),
    (Context::App, "paranoid_memory", Meaning::Nothing("secrets are always wiped")),
    (Context::Pkcs11, "slots_per_card", Meaning::NumSlots),
    (Context::Pkcs11, "num_slots", Meaning::NumSlots),
    (Context::Pkcs11, "max_virtual_slots", Meaning::MaxVirtualSlots),
    (Context::Pkcs11, "hide_empty_tokens", Meaning::HideEmptyTokens),
    (Context::Pkcs11, "create_slots_for_pins", Meaning::Pins),
    (Context::Pkcs11, "create_puk_slot", Meaning::Nothing("a PUK has no slot")),
    (Context::Pkcs11, "lock_login", Meaning::Nothing("see [readers] exclusive and after_login")),
    (Context::Pkcs11, "atomic", Meaning::Nothing("see [readers] exclusive and after_login")),
    (Context::Pkcs11, "init_sloppy", Meaning::Nothing("slots are always known")),
    (Context::Pkcs11, "plug_and_play", Meaning::Nothing("new readers are always seen")),
    (
        Context::Pkcs11,
        "user_pin_unblock_style",
        Meaning::Nothing("a PIN is unblocked in the way that its card has"),
    ),
    (Context::Pkcs11, "zero_ckaid_for_ca_certs", Meaning::Nothing("a certificate keeps its identifier")),
    (Context::Pkcs15, "use_caching", Meaning::Nothing("it is called use_file_caching now")),
    (Context::Pkcs15, "use_file_caching", Meaning::Cache),
    (Context::Pkcs15, "file_cache_dir", Meaning::CacheDirectory),
    (Context::Pkcs15, "use_pin_caching", Meaning::Nothing(NO_PIN_CACHE)),
    (Context::Pkcs15, "pin_cache_counter", Meaning::Nothing(NO_PIN_CACHE)),
    (Context::Pkcs15, "pin_cache_ignore_user_consent", Meaning::Nothing(NO_PIN_CACHE)),
    (
        Context::Pkcs15,
        "pin_protected_certificate",
        Meaning::Nothing("such certificates are seen after login"),
    ),
    (Context::Pkcs15, "private_certificate", Meaning::Nothing("such certificates are seen after login")),
    (Context::Pkcs15, "enable_pkcs15_emulation", Meaning::Nothing(NO_EMULATION)),
    (Context::Pkcs15, "try_emulation_first", Meaning::Nothing(NO_EMULATION)),
    (Context::Pkcs15, "enable_builtin_emulation", Meaning::Nothing(NO_EMULATION)),
    (Context::Pkcs15, "builtin_emulators", Meaning::Nothing(NO_EMULATION)),
    (Context::Pkcs15, "pkcs11_enable_InitToken", Meaning::Nothing("a blank card is always shown")),
    (Context::Pcsc, "connect_exclusive", Meaning::Exclusive),
    (Context::Pcsc, "disconnect_action", Meaning::AfterLogin),
    (Context::Pcsc, "transaction_end_action", Meaning::AfterLogin),
    (Context::Pcsc, "reconnect_action", Meaning::Nothing("a reconnection never resets the card")),
    (Context::Pcsc, "max_send_size", Meaning::Nothing(FINDS_LIMITS)),
    (Context::Pcsc, "max_recv_size", Meaning::Nothing(FINDS_LIMITS)),
    (
        Context::Pcsc,
        "enable_pinpad",
        Meaning::Nothing("a PIN pad is used where --pin pinpad, or a program without a PIN, asks for it"),
    ),
    (Context::Pcsc, "fixed_pinlength", Meaning::Nothing("PIN lengths are those that the card tells")),
    (Context::Pcsc, "enable_escape", Meaning::Nothing("escape commands are not sent")),
    (Context::Pcsc, "enable_pace", Meaning::Nothing("there is no driver that needs it")),
    (Context::Pcsc, "provider_library", Meaning::Nothing("the PC/SC library is that of the system")),
];

/// Kinds of blocks that mean nothing here.
const BLOCKS: &[(&str, &str)] = &[
    ("application", "all applications of a card are shown"),
    ("card_atr", "it names no driver that is here"),
    ("card_driver", "there is no driver of this name with settings"),
    ("emulate", NO_EMULATION),
    ("framework", "PKCS#15 is the only one"),
    ("pkcs15init", "profiles are compiled in"),
    ("reader_driver", "readers are reached through PC/SC"),
    ("secure_messaging", "external secure messaging modules are not loaded"),
];
