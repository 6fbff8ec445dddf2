# p11ctl: build, try, check, install. Each target installs what it needs (Debian's apt-get, cargo).

PREFIX  ?= /usr/local
DESTDIR ?=
CARGO   ?= cargo

bindir     = $(DESTDIR)$(PREFIX)/bin
moduledir  = $(DESTDIR)$(PREFIX)/lib/pkcs11
mandir     = $(DESTDIR)$(PREFIX)/share/man/man1
bashdir    = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
zshdir     = $(DESTDIR)$(PREFIX)/share/zsh/site-functions
fishdir    = $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
sysconfdir = $(DESTDIR)/etc/p11ctl
# Where the administrator tells p11-kit which modules there are.
p11kitdir  = $(DESTDIR)/etc/pkcs11/modules

# What the build needs, and what the tests need beyond it.
BUILD_PACKAGES = gcc libc6-dev pkg-config libpcsclite-dev
TEST_PACKAGES  = pcscd vsmartcard-vpcd opensc opensc-pkcs11 openssl openssh-client util-linux iproute2 procps \
                 libp11-kit-dev libssl-dev valgrind openssh-server gnutls-bin p11-kit p11-kit-modules libengine-pkcs11-openssl \
                 libnss3-tools openjdk-17-jdk-headless python3-pykcs11 softhsm2 \
                 git python3-jwcrypto python3-cryptography
# The third-party cards in tests/cards: their file system is C, its bindings come from libclang.
CARD_PACKAGES  = libclang-dev gnupg scdaemon

.PHONY: all build demo check test install generate build-packages test-packages

all: build

build: build-packages
	$(CARGO) build --release --locked

# The main job on the founding document's example card, each command shown before it runs.
demo: build
	./scripts/demo.sh target/release/p11ctl

check: build-packages test-packages
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked --no-deps --document-private-items
	$(CARGO) build --locked
	$(CARGO) test --locked --workspace

test:
	$(CARGO) build --locked
	$(CARGO) test --locked --workspace

# Completions and man pages come from the definition of the command line.
generate:
	$(CARGO) run --locked -- generate completions completions
	$(CARGO) run --locked -- generate man man

install:
	@test -x target/release/p11ctl || { echo "run make first" >&2; exit 1; }
	install -d $(bindir) $(moduledir) $(mandir) $(bashdir) $(zshdir) $(fishdir) $(sysconfdir) $(p11kitdir)
	install -m 755 target/release/p11ctl $(bindir)/
	ln -sf p11ctl $(bindir)/p11ctl-ssh-keygen
	install -m 644 target/release/libp11ctl.so $(moduledir)/
	sed 's|@moduledir@|$(PREFIX)/lib/pkcs11|' p11ctl.module.in >$(p11kitdir)/p11ctl.module
	chmod 644 $(p11kitdir)/p11ctl.module
	install -m 644 man/*.1 $(mandir)/
	install -m 644 completions/p11ctl.bash $(bashdir)/p11ctl
	install -m 644 completions/_p11ctl $(zshdir)/
	install -m 644 completions/p11ctl.fish $(fishdir)/
	test -e $(sysconfdir)/opensc.conf || install -m 644 opensc.conf $(sysconfdir)/

build-packages:
	@./scripts/install-packages.sh $(BUILD_PACKAGES)
	@./scripts/install-rust.sh $(CARGO)

test-packages:
	@./scripts/install-packages.sh $(TEST_PACKAGES) $(CARD_PACKAGES)
