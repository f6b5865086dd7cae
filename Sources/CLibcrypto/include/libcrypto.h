// Ed25519 keys by OpenSSL's libcrypto, which OpenSSH itself is linked with on most systems: found when the program runs, so
// that nothing is needed to build.
#ifndef CLUSTER_FIXTURE_LIBCRYPTO_H
#define CLUSTER_FIXTURE_LIBCRYPTO_H

/// Makes a fresh pair: 32 bytes each (RFC 8032). Returns 0, or -1 if there is no libcrypto of version 3 on this machine.
int libcrypto_make_ed25519(unsigned char *private_key, unsigned char *public_key);

#endif
