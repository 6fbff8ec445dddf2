//! Ciphers, codes, key wrap and derivation of the module, called by Python's PyKCS11 and judged by its `cryptography`, which
//! stands on OpenSSL.

use crate::bench::{Bench, PINS, Put, module};

const PROGRAM: &str = "
import ctypes, os, struct, sys, PyKCS11 as P
from cryptography.hazmat.primitives import hashes, hmac, keywrap
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

library = P.PyKCS11Lib()
library.load(sys.argv[1])
session = library.openSession(0, P.CKF_SERIAL_SESSION | P.CKF_RW_SESSION)
session.login(sys.argv[2])
OPEN = [(P.CKA_SENSITIVE, False), (P.CKA_EXTRACTABLE, True)]

def secret(kind, value):
    return session.createObject([(P.CKA_CLASS, P.CKO_SECRET_KEY), (P.CKA_KEY_TYPE, kind), (P.CKA_VALUE, value)] + OPEN)

def value(key):
    return bytes(session.getAttributeValue(key, [P.CKA_VALUE])[0])

def refused(code, call):
    try:
        call()
    except P.PyKCS11Error as error:
        assert error.value == code, error
    else:
        raise AssertionError('it was taken')

def ciphers():
    for bits in [128, 192, 256]:
        raw = os.urandom(bits // 8)
        key = secret(P.CKK_AES, raw)
        for length in [1, 16, 1000]:
            data = os.urandom(length)
            block = os.urandom(16)
            ctr = P.Mechanism(P.CKM_AES_CTR, struct.pack('@L16s', 128, block))
            encryptor = Cipher(algorithms.AES(raw), modes.CTR(block)).encryptor()
            theirs = encryptor.update(data) + encryptor.finalize()
            assert bytes(session.encrypt(key, data, ctr)) == theirs, ('ctr', bits, length)
            assert bytes(session.decrypt(key, theirs, ctr)) == data
            for nonce_len in [8, 12, 16, 60]:
                nonce, beside = os.urandom(nonce_len), os.urandom(length % 40)
                gcm = P.AES_GCM_Mechanism(nonce, beside, 128)
                theirs = AESGCM(raw).encrypt(nonce, data, beside)
                assert bytes(session.encrypt(key, data, gcm)) == theirs, ('gcm', bits, length, nonce_len)
                assert bytes(session.decrypt(key, theirs, gcm)) == data
                bad = theirs[:-1] + bytes([theirs[-1] ^ 1])
                refused(P.CKR_ENCRYPTED_DATA_INVALID, lambda: session.decrypt(key, bad, gcm))

def codes():
    digests = [(P.CKM_SHA3_224_HMAC, hashes.SHA3_224), (P.CKM_SHA3_256_HMAC, hashes.SHA3_256),
               (P.CKM_SHA3_384_HMAC, hashes.SHA3_384), (P.CKM_SHA3_512_HMAC, hashes.SHA3_512),
               (P.CKM_SHA256_HMAC, hashes.SHA256)]
    for kind, digest in digests:
        for key_len in [1, 64, 200]:
            raw, data = os.urandom(key_len), os.urandom(3 * key_len)
            key = secret(P.CKK_GENERIC_SECRET, raw)
            theirs = hmac.HMAC(raw, digest())
            theirs.update(data)
            theirs = theirs.finalize()
            assert bytes(session.sign(key, data, P.Mechanism(kind))) == theirs, (kind, key_len)
            assert session.verify(key, data, theirs, P.Mechanism(kind))

def wraps():
    for bits in [128, 256]:
        raw = os.urandom(bits // 8)
        wrapping = secret(P.CKK_AES, raw)
        for length in [16, 24, 32]:
            cargo = os.urandom(length)
            key = secret(P.CKK_AES, cargo)
            template = [(P.CKA_CLASS, P.CKO_SECRET_KEY), (P.CKA_KEY_TYPE, P.CKK_AES)] + OPEN
            for kind, wrap in [(P.CKM_AES_KEY_WRAP, keywrap.aes_key_wrap),
                               (0x210B, keywrap.aes_key_wrap_with_padding)]:
                theirs = wrap(raw, cargo)
                assert bytes(session.wrapKey(wrapping, key, P.Mechanism(kind))) == theirs, (kind, bits, length)
                made = session.unwrapKey(wrapping, theirs, template, P.Mechanism(kind))
                assert value(made) == cargo
                bad = bytes([theirs[0] ^ 1]) + theirs[1:]
                refused(P.CKR_WRAPPED_KEY_INVALID, lambda: session.unwrapKey(wrapping, bad, template, P.Mechanism(kind)))

def hkdf_parameters(kind, salt, info):
    # CK_HKDF_PARAMS: what it points to has to outlive the call.
    salt, info = ctypes.create_string_buffer(salt, len(salt)), ctypes.create_string_buffer(info, len(info))
    packed = struct.pack('@BBLLPLLPL', 1, 1, kind, 2, ctypes.addressof(salt), len(salt), 0, ctypes.addressof(info), len(info))
    return packed, (salt, info)

def derivations():
    for curve, oid, digest, kdf in [(ec.SECP256R1(), '06082A8648CE3D030107', hashes.SHA256, P.CKD_SHA256_KDF),
                                    (ec.SECP384R1(), '06052B81040022', hashes.SHA384, P.CKD_SHA384_KDF)]:
        ours, private = session.generateKeyPair(
            [(P.CKA_EC_PARAMS, bytes.fromhex(oid))], [(P.CKA_DERIVE, True)], P.Mechanism(P.CKM_EC_KEY_PAIR_GEN))
        # Inside of the OCTET STRING that the attribute is.
        point = bytes(session.getAttributeValue(ours, [P.CKA_EC_POINT])[0])
        point = point[-(2 * ((curve.key_size + 7) // 8) + 1):]
        peer = ec.generate_private_key(curve)
        shared = peer.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(curve, point))
        public = peer.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        template = [(P.CKA_CLASS, P.CKO_SECRET_KEY), (P.CKA_KEY_TYPE, P.CKK_GENERIC_SECRET)] + OPEN
        agreed = session.deriveKey(private, template, P.ECDH1_DERIVE_Mechanism(public))
        assert value(agreed) == shared
        info = os.urandom(20)
        theirs = X963KDF(algorithm=digest(), length=100, sharedinfo=info).derive(shared)
        mechanism = P.ECDH1_DERIVE_Mechanism(public, kdf, info)
        made = session.deriveKey(private, template + [(P.CKA_VALUE_LEN, 100)], mechanism)
        assert value(made) == theirs, curve.name
        base = secret(P.CKK_GENERIC_SECRET, shared)
        packed, kept = hkdf_parameters(P.CKM_SHA256, b'salt and more', info)
        theirs = HKDF(algorithm=hashes.SHA256(), length=77, salt=b'salt and more', info=info).derive(shared)
        made = session.deriveKey(base, template + [(P.CKA_VALUE_LEN, 77)], P.Mechanism(P.CKM_HKDF_DERIVE, packed))
        assert value(made) == theirs, kept

for each in [ciphers, codes, wraps, derivations]:
    each()
";

#[test]
fn ciphers_codes_wraps_and_derivations_are_those_of_openssl() {
    let bench = Bench::software([Put::Founding, Put::Nothing]);
    bench.write("program.py", PROGRAM.as_bytes());
    bench.expect("/usr/bin/python3", &["program.py", &module(), PINS[0]]);
}
