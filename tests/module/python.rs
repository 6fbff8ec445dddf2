//! Python's PyKCS11.

use crate::bench::{Bench, PINS, module};

const PROGRAM: &str = "
import sys, PyKCS11 as P
library = P.PyKCS11Lib()
library.load(sys.argv[1])
assert library.getInfo().manufacturerID.strip() == 'p11ctl'
assert library.getSlotList(tokenPresent=True) == [0, 1, 2, 3]
for slot, pin, kind in [(0, sys.argv[2], P.CKM_SHA256_RSA_PKCS), (1, sys.argv[3], P.CKM_ECDSA_SHA256)]:
    session = library.openSession(slot, P.CKF_SERIAL_SESSION | P.CKF_RW_SESSION)
    session.login(pin)
    key = session.findObjects([(P.CKA_CLASS, P.CKO_PRIVATE_KEY)])[0]
    public = session.findObjects([(P.CKA_CLASS, P.CKO_PUBLIC_KEY)])[0]
    assert key.to_dict()['CKA_SENSITIVE'] and not key.to_dict()['CKA_EXTRACTABLE']
    mechanism = P.Mechanism(kind)
    signature = session.sign(key, b'data', mechanism)
    assert session.verify(public, b'data', signature, mechanism)
    assert not session.verify(public, b'date', signature, mechanism)
    note = session.createObject([(P.CKA_CLASS, P.CKO_DATA), (P.CKA_TOKEN, True), (P.CKA_LABEL, 'note'), (P.CKA_VALUE, b'text')])
    assert session.getAttributeValue(note, [P.CKA_VALUE])[0] == tuple(b'text')
    session.destroyObject(note)
    assert session.findObjects([(P.CKA_LABEL, 'note')]) == []
    session.logout()
    try:
        session.login('99999999')
    except P.PyKCS11Error as error:
        assert error.value == P.CKR_PIN_INCORRECT, error
    session.login(pin)
    session.closeSession()
";

#[test]
fn python_signs_verifies_and_stores_on_both_tokens() {
    Bench::each(|bench| {
        bench.write("program.py", PROGRAM.as_bytes());
        bench.expect("/usr/bin/python3", &["program.py", &module(), PINS[0], PINS[1]]);
    });
}
