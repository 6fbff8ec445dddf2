//! PKCS#11: slots, sessions, login, objects, attributes, find, operations, mechanisms. No APDUs here.
